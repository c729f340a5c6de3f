/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/signature.h"
#include "tests/unit/repo/gc/repository.h"

TEST(files_that_interrupted_programs_left_are_removed)
{
	static const char *const left[] = {
		".tmp-1",
		".symlink-abcdefghijkl",
		"objects/.tmp-object-1",
		"objects/00/.tmp-1",
		"images/.tmp-1",
		"images/refs/.tmp-1",
		"images/refs/a/.tmp-1",
		"streams/refs/.tmp-1",
		"signatures/.tmp-1",
	};
	static const char *const dirs[] = { "objects/00",  "images",
					    "images/refs", "images/refs/a",
					    "streams",	   "streams/refs",
					    "signatures" };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_gc_result n;

	start(&store);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++)
		make_dir(root, dirs[i]);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(left); i++)
		put(root, left[i], "x");
	put(root, "README", "the user's");
	n = collect(&store);
	CHECK_EQ(n.temporary, CFS_ARRAY_SIZE(left));
	for (size_t i = 0; i < CFS_ARRAY_SIZE(left); i++)
		CHECK(!has_path(left[i]));
	CHECK(has_path("README"));
	CHECK(has_path("meta.json"));
	CHECK_EQ(said.len, 0);
}

TEST(a_signature_goes_with_its_image)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char x_path[CFS_SIGNATURE_PATH_MAX], y_path[CFS_SIGNATURE_PATH_MAX];
	struct cfs_digest a, b, x, y;
	struct cfs_gc_result n;

	start(&store);
	a = add_object(&store, "a");
	b = add_object(&store, "b");
	x = add_image(&store, &a, 1);
	y = add_image(&store, &b, 1);
	CHECK_EQ(cfs_ref_set(&store, "name", &x, &err), 0);
	make_dir(root, "signatures");
	cfs_signature_path(&x, x_path);
	cfs_signature_path(&y, y_path);
	put(root, x_path, "x");
	put(root, y_path, "y");
	put(root, "signatures/other", "z");
	n = collect(&store);
	CHECK_EQ(n.signatures_pruned, 1);
	CHECK_EQ(n.images_pruned, 1);
	CHECK(has_path(x_path) && !has_path(y_path));
	CHECK(has_path("signatures/other"));
}

TEST(counting_changes_nothing)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest a, x;
	struct cfs_gc_result n;

	start(&store);
	a = add_object(&store, "a");
	x = add_image(&store, &a, 1);
	(void)add_stream(&store, "stream", NULL, NULL);
	CHECK_EQ(cfs_stream_ref_set(&store, "about/lost/1", "stream", &err), 0);
	put(root, ".tmp-1", "x");
	gc = mark(&store);
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_COUNT, &n, &err), 0);
	CHECK_EQ(n.objects_removed, 3);
	CHECK_EQ(n.images_pruned, 1);
	CHECK_EQ(n.streams_pruned, 2);
	CHECK_EQ(n.temporary, 1);
	CHECK(has_object(&a) && has_object(&x) && has_path(".tmp-1"));
	CHECK(has_path("streams/stream"));
	CHECK(has_path("streams/refs/about/lost/1"));
}

/* Whatever the links of other programs lead to, nothing outside is touched. */
TEST(directories_that_are_links_are_not_entered)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_gc_result n;

	start(&store);
	make_dir(root, "elsewhere");
	put(root,
	    "elsewhere/0011223344556677889900112233445566778899001122334455667788"
	    "990011",
	    "x");
	make_link(root, "objects/ab", "../elsewhere");
	gc = mark(&store);
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_REMOVE, &n, &err), 0);
	CHECK(was_said("unknown-file objects/ab: "));
	CHECK_EQ(count(root, "elsewhere", ""), 1);
}
