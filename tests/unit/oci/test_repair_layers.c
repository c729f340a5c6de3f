/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fsck.h"
#include "oci/repair.h"
#include "oci/tag.h"
#include "repo/object.h"
#include "tests/unit/oci/pulled.h"

static char told[65536];

static void note(void *arg, enum cfs_oci_mending what, const char *line)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "%s %s\n",
		 what == CFS_OCI_MENDED ? "mended" : "not mended", line);
}

/* Repairs from the layout @dir; NULL: from nothing. */
static int mend(struct cfs_store *store, const char *dir)
{
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *origin = dir ? open_layout(dir) : NULL;
	const struct cfs_oci_repair_source source = { .name = "the layout",
						      .origin = origin };
	CFS_AUTODIGESTSET struct cfs_digest_set damaged = { 0 };
	const struct cfs_oci_repair repair = { .sources = &source,
					       .n_sources = dir ? 1 : 0,
					       .damaged = &damaged,
					       .threads = 1,
					       .formats = PULLED_FORMATS,
					       .told = note };

	told[0] = '\0';
	return cfs_oci_repair(store, &repair, &err);
}

static void pass_over(void *arg, const struct cfs_oci_finding *f)
{
	(void)arg;
	(void)f;
}

static uint64_t findings(const struct cfs_store *store)
{
	const struct cfs_oci_fsck_params params = { .read_data = true,
						    .found = pass_over };
	struct cfs_oci_fsck count = { 0 };

	CHECK_EQ(cfs_oci_fsck(&store->repo, &params, &count, &err), 0);
	return count.findings;
}

/* Pulls an image of one layer under the tag "t"; returns its layout. */
static char *pull(struct cfs_store *store, const char *name,
		  struct cfs_oci_pulled *ret)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest, *dir;

	base_layer(&tar);
	dir = layout_of(name, &tar, &manifest);
	start(store);
	CHECK_EQ(
		pull_with(store, dir, (struct cfs_oci_pull){ .tag = "t" }, ret),
		0);
	CHECK_EQ(findings(store), 0);
	return dir;
}

static void lose(const struct cfs_store *store, const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	CHECK_EQ(unlinkat(store->objects, path, 0), 0);
}

TEST(a_lost_layer_is_split_anew_from_a_source)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char *dir = pull(&store, "lost", &pulled);

	lose(&store, &pulled.image.layers[0]);
	CHECK_EQ(findings(&store), 1);
	CHECK_EQ(mend(&store, NULL), 0);
	CHECK_EQ(findings(&store), 1);
	CHECK_EQ(mend(&store, dir), 0);
	CHECK(strstr(told, text("mended t: layer %s: from the layout",
				pulled.image.config.diff_ids[0].text)));
	CHECK_EQ(findings(&store), 0);
}

TEST(a_source_with_another_layer_of_that_name_is_no_source)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char *dir = pull(&store, "other", &pulled);
	const struct cfs_oci_id *id = &pulled.image.manifest.layers.v[0].id;
	CFS_AUTOFD int fd = open(blob_path(dir, id), O_WRONLY | O_CLOEXEC);

	/* In the name of the file: the layer is as long as before. */
	CHECK(fd >= 0);
	CHECK_EQ(pwrite(fd, "X", 1, 512 + 4), 1);
	lose(&store, &pulled.image.layers[0]);
	CHECK_EQ(mend(&store, dir), 0);
	CHECK(strstr(told, "not mended t: layer "));
	CHECK_EQ(findings(&store), 1);
}

TEST(a_layers_name_leads_to_its_stream_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char name[CFS_OCI_NAME_MAX], *path;
	struct cfs_digest found;

	(void)pull(&store, "named", &pulled);
	cfs_oci_layer_name(&pulled.image.config.diff_ids[0], name);
	path = keep(below(root, text("streams/%s", name)));
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(mend(&store, NULL), 0);
	CHECK(strstr(told, ": its name\n"));
	CHECK_EQ(cfs_stream_lookup(&store.repo, name, &found, &err), 1);
	CHECK(cfs_digest_equal(&found, &pulled.image.layers[0]));
}

TEST(a_stream_that_only_has_the_layers_name_is_read_before_it_is_believed)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTOPULLED struct cfs_oci_pulled foreign = { 0 };
	char name[CFS_OCI_NAME_MAX], *manifest, *other;

	(void)pull(&store, "planted", &pulled);
	tar_dir(&tar, "usr/", 0755);
	tar_file(&tar, "usr/evil", "planted");
	tar_end(&tar);
	other = layout_of("foreign", &tar, &manifest);
	CHECK_EQ(pull_with(&store, other, (struct cfs_oci_pull){ 0 }, &foreign),
		 0);
	lose(&store, &pulled.image.layers[0]);
	cfs_oci_layer_name(&pulled.image.config.diff_ids[0], name);
	CHECK_EQ(cfs_stream_link(&store, name, &foreign.image.layers[0], &err),
		 0);
	CHECK_EQ(mend(&store, NULL), 0);
	CHECK(findings(&store) > 0);
	CHECK(!strstr(told, "\nmended t: layer") &&
	      strncmp(told, "mended t: layer", 15) != 0);
}
