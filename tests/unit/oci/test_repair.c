/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Layers that are archives, and EROFS images: tests/cli/oci_repair.sh. */
#include "oci/repair.h"

#include "oci/fsck.h"
#include "tests/unit/oci/stored.h"

static char told[65536];

static void note(void *arg, enum cfs_oci_mending what, const char *line)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "%s %s\n",
		 what == CFS_OCI_MENDED ? "mended" : "not mended", line);
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

/* Repairs the image @name, or all, from @from, which may be NULL. */
static int mend(struct cfs_store *store, const struct cfs_store *from,
		const char *name)
{
	const struct cfs_oci_repair_source source = { .name = "copy",
						      .repo = from ? &from->repo
								   : NULL };
	CFS_AUTODIGESTSET struct cfs_digest_set damaged = { 0 };
	const struct cfs_oci_repair repair = { .sources = &source,
					       .n_sources = from ? 1 : 0,
					       .damaged = &damaged,
					       .name = name,
					       .threads = 1,
					       .formats = 1 << 1,
					       .told = note };

	told[0] = '\0';
	return cfs_oci_repair(store, &repair, &err);
}

/* The artifact "x:1", of one blob, in two repositories. */
struct pair {
	struct cfs_store store, copy;
	struct cfs_oci_image image, other;
};

static void fill(struct cfs_store *store, struct cfs_oci_image *image)
{
	char layer[CFS_OCI_NAME_MAX];

	start(store);
	make(store, image, false, ABC);
	cfs_oci_layer_name(cfs_oci_image_layer_id(image, 0), layer);
	CHECK_EQ(cfs_stream_link(store, layer, &image->layers[0], &err), 0);
	name(store, image);
}

static void open_pair(struct pair *p)
{
	*p = (struct pair){ .store = CFS_STORE_INIT, .copy = CFS_STORE_INIT };
	fill(&p->copy, &p->other);
	fill(&p->store, &p->image);
}

static void close_pair(struct pair *p)
{
	cfs_oci_image_free(&p->image);
	cfs_oci_image_free(&p->other);
	cfs_store_close(&p->store);
	cfs_store_close(&p->copy);
}

/* The object that @text is, lost. */
static void lose_text(struct cfs_store *store, struct cfs_buf *text)
{
	struct cfs_digest id = add(store, cfs_buf_text(text));

	lose(store, &id);
}

TEST(what_is_whole_is_left_alone)
{
	__attribute__((cleanup(close_pair))) struct pair p;

	open_pair(&p);
	CHECK_EQ(mend(&p.store, &p.copy, NULL), 0);
	CHECK_STR(told, "");
	CHECK_EQ(findings(&p.store), 0);
}

TEST(what_an_image_lost_comes_from_a_copy)
{
	for (int what = 0; what < 4; what++) {
		static const char *const words[] = { "manifest", "config",
						     "layer", "layer" };
		__attribute__((cleanup(close_pair))) struct pair p;
		struct cfs_digest bc;

		open_pair(&p);
		if (what == 0)
			lose_text(&p.store, &p.image.manifest_text);
		if (what == 1)
			lose_text(&p.store, &p.image.config_text);
		if (what == 2)
			lose(&p.store, &p.image.layers[0]);
		bc = add(&p.store, "bc");
		if (what == 3)
			lose(&p.store, &bc);
		CHECK(findings(&p.store) > 0);
		CHECK_EQ(mend(&p.store, &p.copy, what % 2 ? "x:1" : NULL), 0);
		CHECK(strstr(told, "mended x:1: "));
		CHECK(strstr(told, words[what]));
		CHECK(strstr(told, "from copy"));
		CHECK(!strstr(told, "not mended"));
		CHECK_EQ(findings(&p.store), 0);
	}
}

TEST(without_a_copy_the_way_out_is_told)
{
	__attribute__((cleanup(close_pair))) struct pair p;

	open_pair(&p);
	lose_text(&p.store, &p.image.manifest_text);
	CHECK_EQ(mend(&p.store, NULL, NULL), 0);
	CHECK(strstr(told, "not mended x:1: manifest "));
	CHECK(strstr(told, "--from"));
	CHECK(findings(&p.store) > 0);
}

TEST(a_copy_without_the_image_is_named)
{
	__attribute__((cleanup(close_pair))) struct pair p;
	CFS_AUTOSTORE struct cfs_store empty = CFS_STORE_INIT;

	open_pair(&p);
	lose(&p.store, &p.image.layers[0]);
	start(&empty);
	CHECK_EQ(mend(&p.store, &empty, NULL), 0);
	CHECK(strstr(told,
		     "not mended x:1: layer " ABC
		     ": cannot be taken from copy: it has no such image"));
	CHECK_EQ(mend(&p.store, &p.copy, NULL), 0);
	CHECK_EQ(findings(&p.store), 0);
}

TEST(a_name_that_nothing_has_is_not_an_error)
{
	__attribute__((cleanup(close_pair))) struct pair p;

	open_pair(&p);
	CHECK_EQ(mend(&p.store, &p.copy, "nothing"), 0);
	CHECK_STR(told, "");
}

TEST(a_copy_that_is_damaged_too_is_not_taken)
{
	__attribute__((cleanup(close_pair))) struct pair p;

	open_pair(&p);
	lose_text(&p.store, &p.image.config_text);
	lose_text(&p.copy, &p.other.config_text);
	CHECK_EQ(mend(&p.store, &p.copy, NULL), 0);
	CHECK(strstr(told, "not mended x:1: configuration "));
	CHECK(!strstr(told, "\nmended") && strncmp(told, "mended", 6) != 0);
	CHECK(findings(&p.store) > 0);
}
