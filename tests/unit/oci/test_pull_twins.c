/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/pulling.h"
#include "oci/tag.h"
#include "tests/unit/oci/pulled.h"

#define LARGE (2 * CFS_TWIN_MIN)

/* Stores an image with a file usr/@file of LARGE bytes, and gives it @tag. */
static void pull_tagged(struct cfs_store *store, const char *tag,
			const char *file)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	CFS_AUTOFREE char *data = calloc(1, LARGE);
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	static unsigned n_layouts;
	char *manifest, *dir;

	CHECK(data);
	tar_dir(&tar, "usr/", 0755);
	tar_entry(
		&tar,
		(struct tar_spec){ .name = text("usr/%s", file), .mode = 0644 },
		data, LARGE);
	tar_end(&tar);
	dir = layout_of(text("layout-%u", n_layouts++), &tar, &manifest);
	CHECK_EQ(pull_with(store, dir, (struct cfs_oci_pull){ .tag = tag },
			   &pulled),
		 0);
}

/* Would a pull under @tag find the file usr/@file to compare with? */
static bool finds(struct cfs_store *store, const char *tag, const char *file)
{
	const struct cfs_oci_pull pull = { .tag = tag };
	struct cfs_pulling p = { .store = store, .pull = &pull };
	char *path = text("usr/%s", file);
	struct cfs_digest id;
	bool found;

	cfs_pulling_find_twins(&p);
	found = p.twins &&
		cfs_twins_find(p.twins,
			       (struct cfs_bytes){ (const uint8_t *)path,
						   strlen(path) },
			       LARGE, &id);
	cfs_twins_free(p.twins);
	return found;
}

TEST(the_image_of_the_tag_goes_first_then_the_last_of_its_name)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start(&store);
	cfs_store_trust_names(&store);
	CHECK(!finds(&store, "example/os:3", "a"));
	pull_tagged(&store, "example/os:1", "a");
	pull_tagged(&store, "example/os:2", "b");
	pull_tagged(&store, "other/os:9", "c");
	CHECK(finds(&store, "example/os:1", "a"));
	CHECK(finds(&store, "example/os:3", "b"));
	CHECK(!finds(&store, "example/os:3", "a"));
	CHECK(!finds(&store, "example/o:1", "b"));
	CHECK(!finds(&store, "example/os2:1", "b"));
	CHECK(!finds(&store, NULL, "a"));
}

TEST(without_trust_in_names_there_is_nothing_to_compare_with)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start(&store);
	cfs_store_trust_names(&store);
	pull_tagged(&store, "os:1", "a");
	CHECK(finds(&store, "os:1", "a"));
	store.trusts_names = false;
	CHECK(!finds(&store, "os:1", "a"));
}

TEST(an_older_image_that_is_damaged_only_costs_time)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char path[CFS_OBJECT_PATH_MAX];

	start(&store);
	cfs_store_trust_names(&store);
	pull_tagged(&store, "os:1", "a");
	CHECK_EQ(cfs_oci_image_find(&store.repo, "os:1", &image, &err), 1);
	cfs_digest_to_path(&image.layers[0], path);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK(!finds(&store, "os:1", "a"));
	CHECK_EQ(cfs_stream_ref_set(&store, "oci/os:2", "oci-manifest-x", &err),
		 0);
	CHECK(!finds(&store, "os:2", "a"));
}
