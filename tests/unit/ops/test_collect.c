/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/collect.h"

#include "tests/unit/ops/image.h"

static struct cfs_gc_result result;
static unsigned findings;

static void found(void *arg, const struct cfs_gc_finding *finding)
{
	(void)arg;
	(void)finding;
	findings++;
}

/* Returns the error, or else what stops the collection. */
static int collect(struct cfs_collect params)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	findings = 0;
	result = (struct cfs_gc_result){ 0 };
	params.path = root;
	params.found = found;
	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
	r = cfs_collect_garbage(&repo, &params, &gc, &result, &err);
	return r < 0 ? r : (int)cfs_gc_stops(gc);
}

static void remove_name(const char *name)
{
	CFS_AUTOFREE char *refs = below(root, "images/refs");
	CFS_AUTOFREE char *path = below(refs, name);

	CHECK(unlink(path) == 0);
}

TEST(what_has_a_name_is_kept_and_all_else_removed)
{
	start_empty();
	(void)add_image("a", "ab");
	(void)add_image("b", "bc");
	CHECK(collect((struct cfs_collect){ .how = CFS_GC_REMOVE }) == 0);
	CHECK(result.objects_removed == 0);
	remove_name("a");
	CHECK(collect((struct cfs_collect){ .how = CFS_GC_REMOVE }) == 0);
	CHECK(result.objects_removed == 2 && result.images_pruned == 1);
}

TEST(counting_removes_nothing)
{
	start_empty();
	(void)add_image("a", "a");
	remove_name("a");
	for (int i = 0; i < 2; i++) {
		CHECK(collect((struct cfs_collect){ .how = CFS_GC_COUNT }) ==
		      0);
		CHECK(result.objects_removed == 2);
	}
}

TEST(a_root_keeps_an_image_without_a_name)
{
	char hex[CFS_DIGEST_HEX_MAX];
	const char *roots[] = { hex };
	const struct cfs_collect params = { .how = CFS_GC_REMOVE,
					    .roots = roots,
					    .n_roots = 1 };
	struct cfs_digest id;

	start_empty();
	id = add_image("a", "a");
	cfs_digest_to_hex(&id, hex);
	remove_name("a");
	CHECK(collect(params) == 0);
	CHECK(result.objects_removed == 0 && findings == 0);
}

TEST(a_root_that_is_nothing_at_all_is_an_error)
{
	const char *roots[] = { "nothing" };
	const struct cfs_collect params = { .how = CFS_GC_REMOVE,
					    .roots = roots,
					    .n_roots = 1 };

	start_empty();
	(void)add_image("a", "a");
	remove_name("a");
	CHECK(collect(params) == -ENOENT && strstr(err.msg, "nothing"));
	CHECK_STR(err.path, "nothing");
	CHECK(count(root, "images", "") == 2);
}

TEST(a_boot_partition_that_does_not_exist_is_an_error)
{
	const char *boot[] = { "/nonexistent" };

	start_empty();
	CHECK(collect((struct cfs_collect){ .how = CFS_GC_REMOVE,
					    .boot = boot,
					    .n_boot = 1 }) == -ENOENT);
}

TEST(what_a_boot_partition_boots_is_kept)
{
	CFS_AUTOFREE char *dir = strdup(fresh_dir());
	const char *boot[] = { dir };
	const struct cfs_collect params = { .how = CFS_GC_REMOVE,
					    .boot = boot,
					    .n_boot = 1 };
	char hex[CFS_DIGEST_HEX_MAX], entry[512];
	struct cfs_digest id;

	start_empty();
	id = add_image("a", "a");
	remove_name("a");
	cfs_digest_to_hex(&id, hex);
	make_dir(dir, "loader");
	make_dir(dir, "loader/entries");
	snprintf(entry, sizeof(entry),
		 "linux /vmlinuz\noptions composefs.digest=v1-sha256-12:%s\n",
		 hex);
	put(dir, "loader/entries/x.conf", entry);

	CHECK(collect(params) == 0);
	CHECK(result.objects_removed == 0);
}
