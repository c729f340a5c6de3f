/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/repo/gc/repository.h"

TEST(an_empty_repository_has_nothing_to_remove)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	const struct cfs_gc_result none = { 0 };
	struct cfs_gc_result n;

	start(&store);
	n = collect(&store);
	CHECK_MEM(&n, &none, sizeof(n));
	CHECK_EQ(said.len, 0);
}

TEST(the_callers_roots_are_kept)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest a, b, lost, x, y, stream;
	struct cfs_digest long_id = { .alg = CFS_ALG_SHA512 };
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_gc_result n;

	start(&store);
	a = add_object(&store, "a");
	b = add_object(&store, "b");
	x = add_image(&store, &a, 1);
	y = add_image(&store, &b, 1);
	stream = add_stream(&store, "stream:1", NULL, NULL);
	lost = add_object(&store, "lost");
	remove_object(&lost);
	CHECK_EQ(cfs_gc_new(&store.repo, &params, &gc, &err), 0);
	CHECK_EQ(cfs_gc_add_root(gc, "entry", &x, &err), 1);
	CHECK_EQ(cfs_gc_add_root(gc, "entry", &lost, &err), 0);
	CHECK_EQ(cfs_gc_add_root(gc, "entry", &long_id, &err), 0);
	cfs_digest_to_hex(&y, hex);
	CHECK_EQ(cfs_gc_add_named(gc, "option", hex, &err), 1);
	CHECK_EQ(cfs_gc_add_named(gc, "option", "stream:1", &err), 1);
	CHECK_EQ(cfs_gc_add_named(gc, "option", "stream:2", &err), 0);
	CHECK_EQ(cfs_gc_add_named(gc, "option", "refs", &err), 0);
	CHECK_EQ(cfs_gc_add_named(gc, "option", "../images", &err), 0);
	CHECK_EQ(cfs_gc_mark(gc, &err), 0);
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_REMOVE, &n, &err), 0);
	CHECK_EQ(n.objects_removed, 0);
	CHECK_EQ(n.images_pruned, 0);
	CHECK(has_object(&x) && has_object(&y) && has_object(&stream));
	CHECK_EQ(cfs_gc_n_roots(gc), 3);
	CHECK_EQ(cfs_gc_root(gc, 2)->kind, CFS_GC_ROOT_CALLER);
}

TEST(what_a_name_alone_needs_is_counted)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest own, common, x, y;
	struct cfs_gc_result n;
	uint64_t bytes;

	start(&store);
	own = add_object(&store, "12345");
	common = add_object(&store, "common");
	x = add_stream(&store, "x", &own, &common);
	y = add_stream(&store, "y", NULL, &common);
	CHECK_EQ(cfs_stream_ref_set(&store, "one", "x", &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "two", "y", &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "two-again", "y", &err), 0);
	gc = mark(&store);
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_COUNT, &n, &err), 0);
	CHECK_EQ(cfs_gc_root(gc, 0)->objects, 2);
	bytes = cfs_gc_root(gc, 0)->bytes;
	CHECK_EQ(cfs_gc_root(gc, 1)->objects, 0);
	CHECK_EQ(cfs_gc_root(gc, 2)->objects, 0);
	/* It is what a collection without the name removes. */
	CHECK_EQ(cfs_stream_ref_remove(&store, "one", &err), 1);
	n = collect(&store);
	CHECK_EQ(n.objects_removed, 2);
	CHECK_EQ(n.objects_bytes, bytes);
	CHECK(!has_object(&own) && !has_object(&x));
	CHECK(has_object(&common) && has_object(&y));
}

static struct cfs_buf steps;

static int step(void *arg, const struct cfs_digest *container,
		struct cfs_err *e)
{
	(void)arg;
	(void)e;
	cfs_buf_add(&steps, container, sizeof(*container));
	return 0;
}

TEST(an_object_is_explained_by_the_way_to_it)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	const struct cfs_digest *way;
	struct cfs_digest file, layer, manifest, other;

	start(&store);
	file = add_object(&store, "file");
	other = add_object(&store, "other");
	layer = add_stream(&store, "layer", &file, NULL);
	manifest = add_stream(&store, "manifest", NULL, &layer);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "manifest", &err), 0);
	gc = mark(&store);
	CHECK_EQ(cfs_gc_why(gc, 0, &file, step, NULL, &err), 1);
	way = (const struct cfs_digest *)steps.data;
	CHECK_EQ(steps.len, 2 * sizeof(*way));
	CHECK(cfs_digest_equal(&way[0], &manifest));
	CHECK(cfs_digest_equal(&way[1], &layer));
	CHECK_EQ(cfs_gc_why(gc, 0, &other, step, NULL, &err), 0);
	cfs_buf_free(&steps);
}
