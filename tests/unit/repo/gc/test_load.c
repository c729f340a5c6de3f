/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/repo/gc/repository.h"

/* A file in the place of the object @id. */
static void spoil(const struct cfs_digest *id, const char *text)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";

	cfs_digest_to_path(id, path + strlen(path));
	remove_path(path);
	put(root, path, text);
}

TEST(an_image_needs_the_objects_of_its_files)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest file, other, image;
	struct cfs_gc_result n;

	start(&store);
	file = add_object(&store, "file");
	other = add_object(&store, "other");
	image = add_image(&store, &file, 4);
	CHECK_EQ(cfs_ref_set(&store, "name", &image, &err), 0);
	n = collect(&store);
	CHECK_EQ(n.objects_removed, 1);
	CHECK_EQ(n.objects_bytes, 5);
	CHECK_EQ(n.objects_kept, 2);
	CHECK_EQ(n.images_pruned, 0);
	CHECK(has_object(&file) && has_object(&image) && !has_object(&other));
}

/* Which of them is read depends on how the image is mounted. */
TEST(an_image_needs_backing_paths_and_digests)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest at, id, image;

	start(&store);
	at = add_object(&store, "path");
	id = add_object(&store, "digest");
	image = add_odd_image(&store, &at, &id, 4);
	CHECK_EQ(cfs_ref_set(&store, "name", &image, &err), 0);
	(void)collect(&store);
	CHECK(has_object(&at) && has_object(&id));
}

TEST(a_stream_needs_its_parts_and_all_that_it_refers_to)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest a, b, c, image, layer, config, manifest;
	struct cfs_gc_result n;

	start(&store);
	a = add_object(&store, "a");
	b = add_object(&store, "b");
	c = add_object(&store, "c");
	image = add_image(&store, &a, 1);
	/* The image is found by its digest alone. */
	config = add_stream(&store, NULL, &b, &image);
	layer = add_stream(&store, "unused", &c, NULL);
	manifest = add_stream(&store, "manifest", NULL, &config);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "manifest", &err), 0);
	n = collect(&store);
	CHECK_EQ(said.len, 0);
	CHECK(has_object(&manifest) && has_object(&config));
	CHECK(has_object(&image) && has_object(&a) && has_object(&b));
	CHECK(!has_object(&layer) && !has_object(&c));
	CHECK_EQ(n.streams_pruned, 1);
	CHECK_EQ(n.images_pruned, 0);
}

TEST(an_object_that_is_missing_is_said_and_no_reason_to_stop)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest file, image, lost;
	char hex[CFS_DIGEST_HEX_MAX], path[160];

	start(&store);
	file = add_object(&store, "file");
	image = add_image(&store, &file, 4);
	lost = add_object(&store, "lost");
	remove_object(&lost);
	(void)add_stream(&store, "stream", NULL, &lost);
	CHECK_EQ(cfs_ref_set(&store, "name", &image, &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "stream", &err), 0);
	remove_object(&image);
	(void)collect(&store);
	CHECK(was_said(": it is missing, and images/refs/name needs it\n"));
	CHECK(was_said(": it is missing, and streams/refs/tag needs it\n"));
	CHECK(!was_said("!"));
	/* A repair can bring the image back under its name. */
	cfs_digest_to_hex(&image, hex);
	snprintf(path, sizeof(path), "images/%s", hex);
	CHECK(has_path(path));
}

TEST(what_is_needed_by_a_damaged_image_or_stream_is_not_guessed)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	struct cfs_digest file, image, stream, config;
	struct cfs_gc_result n;

	start(&store);
	file = add_object(&store, "file");
	image = add_image(&store, &file, 4);
	CHECK_EQ(cfs_ref_set(&store, "name", &image, &err), 0);
	config = add_stream(&store, NULL, &file, NULL);
	stream = add_stream(&store, "stream", NULL, &config);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "stream", &err), 0);
	spoil(&image, "x");
	spoil(&config, "SplitStream");
	gc = mark(&store);
	CHECK_EQ(cfs_gc_stops(gc), 2);
	CHECK(was_said("!unreadable objects/"));
	CHECK(was_said("; images/refs/name needs it\n"));
	CHECK(was_said("; streams/refs/tag needs it\n"));
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_REMOVE, &n, &err), -EBADMSG);
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_COUNT, &n, &err), -EBADMSG);
	CHECK(has_object(&file) && has_object(&stream));
}

/* Its digest is right, so nothing but a newer program can have written it. */
TEST(a_stream_that_is_not_understood_stops_the_collection)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	struct cfs_digest id;

	start(&store);
	id = add_object(&store, "SplitStream\1 of a later version.......");
	CHECK_EQ(cfs_stream_link(&store, "stream", &id, &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "stream", &err), 0);
	gc = mark(&store);
	CHECK_EQ(cfs_gc_stops(gc), 1);
	CHECK(was_said("!unreadable objects/"));
}

TEST(an_object_that_is_neither_image_nor_stream_needs_nothing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	start(&store);
	id = add_object(&store, "text");
	(void)add_stream(&store, "stream", NULL, &id);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "stream", &err), 0);
	(void)collect(&store);
	CHECK(has_object(&id));
	CHECK_EQ(said.len, 0);
}
