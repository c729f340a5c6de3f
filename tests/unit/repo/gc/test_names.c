/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/link.h"
#include "tests/unit/repo/gc/repository.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(names_are_roots_of_what_they_lead_to)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest file, image, stream;

	start(&store);
	file = add_object(&store, "file");
	image = add_image(&store, &file, 4);
	stream = add_stream(&store, "stream:1", &file, NULL);
	CHECK_EQ(cfs_ref_set(&store, "os/a", &image, &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "oci/x", "stream:1", &err), 0);
	gc = mark(&store);
	CHECK_EQ(said.len, 0);
	CHECK_EQ(cfs_gc_n_roots(gc), 2);
	CHECK_EQ(cfs_gc_root(gc, 0)->kind, CFS_GC_ROOT_IMAGE);
	CHECK_STR(cfs_gc_root(gc, 0)->name, "os/a");
	CHECK(cfs_digest_equal(&cfs_gc_root(gc, 0)->id, &image));
	CHECK_EQ(cfs_gc_root(gc, 1)->kind, CFS_GC_ROOT_STREAM);
	CHECK_STR(cfs_gc_root(gc, 1)->name, "oci/x");
	CHECK(cfs_digest_equal(&cfs_gc_root(gc, 1)->id, &stream));
}

/* composefs-rs gives up at such a name; `oci tag` makes one there. */
TEST(a_name_that_leads_nowhere_is_said_and_keeps_nothing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_gc_result n;
	struct cfs_digest file;

	start(&store);
	file = add_object(&store, "file");
	(void)add_image(&store, &file, 4);
	make_dir(root, "images/refs");
	make_link(root, "images/refs/gone", "../" HEX64);
	make_link(root, "images/refs/odd", "../what?");
	CHECK_EQ(cfs_stream_ref_set(&store, "oci/x", "stream:1", &err), 0);
	n = collect(&store);
	CHECK(was_said(
		"dangling-name images/refs/gone: there is no image " HEX64
		", so the name keeps nothing; "));
	CHECK(was_said("dangling-name images/refs/odd: there is no image "));
	CHECK(was_said("dangling-name streams/refs/oci/x: there is no stream "
		       "stream:1"));
	CHECK(!was_said("!"));
	CHECK_EQ(n.objects_removed, 2);
	CHECK_EQ(n.images_pruned, 1);
	/* The names are the user's. */
	CHECK(has_path("images/refs/gone") && has_path("streams/refs/oci/x"));
}

TEST(what_has_no_place_among_names_is_said)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start(&store);
	make_dir(root, "images");
	make_dir(root, "images/refs");
	put(root, "images/refs/file", "x");
	put(root, "images/file", "x");
	put(root, "objects/file", "x");
	make_dir(root, "objects/00");
	put(root, "objects/00/" HEX64, "x");
	(void)collect(&store);
	CHECK(was_said("unknown-file images/refs/file: it is not a symbolic "
		       "link"));
	CHECK(was_said("unknown-file images/file: it is not a link to an "
		       "object"));
	CHECK(was_said("unknown-file objects/file: it is no object, and "
		       "none is in it"));
	CHECK(was_said("unknown-file objects/00/" HEX64 ": "));
	CHECK(has_path("images/refs/file") && has_path("images/file"));
	CHECK(has_path("objects/file") && has_path("objects/00/" HEX64));
}

/* Such a name cannot be asked for, but composefs-rs keeps what it leads to. */
TEST(names_too_deep_to_be_read_stop_the_collection)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	struct cfs_gc_result n;

	start(&store);
	make_dir(root, "images");
	cfs_buf_adds(&path, "images/refs");
	for (int i = 0; i < 70; i++) {
		make_dir(root, cfs_buf_text(&path));
		cfs_buf_adds(&path, "/d");
	}
	gc = mark(&store);
	CHECK(was_said("!unreadable images/refs/d/d/"));
	CHECK_EQ(cfs_gc_stops(gc), 1);
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_REMOVE, &n, &err), -EBADMSG);
}

TEST(an_image_is_kept_for_what_its_link_leads_to_and_for_what_it_is_called)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char hex[CFS_DIGEST_HEX_MAX], path[160];
	struct cfs_digest one, two, a, b;

	start(&store);
	one = add_object(&store, "one");
	two = add_object(&store, "two");
	a = add_image(&store, &one, 3);
	b = add_image(&store, &two, 3);
	CHECK_EQ(cfs_ref_set(&store, "name", &a, &err), 0);
	/* images/<a> leads to b, by hand or by a damaged disk. */
	cfs_digest_to_hex(&a, hex);
	snprintf(path, sizeof(path), "images/%s", hex);
	remove_path(path);
	cfs_digest_to_hex(&b, hex);
	{
		char target[160];

		snprintf(target, sizeof(target), "../objects/%.2s/%s", hex,
			 hex + 2);
		make_link(root, path, target);
	}
	(void)collect(&store);
	CHECK(has_object(&one) && has_object(&two));
	CHECK(has_object(&a) && has_object(&b) && has_path(path));
}

TEST(names_about_a_stream_are_kept_with_it)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest x, y, z;
	struct cfs_gc_result n;

	start(&store);
	x = add_stream(&store, "subject", NULL, NULL);
	y = add_stream(&store, "artifact", NULL, NULL);
	/* An artifact about the artifact. */
	z = add_stream(&store, "third", NULL, NULL);
	CHECK_EQ(
		cfs_stream_ref_set(&store, "about/subject/1", "artifact", &err),
		0);
	CHECK_EQ(cfs_stream_ref_set(&store, "about/artifact/1", "third", &err),
		 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "about/unknown/1", "third", &err),
		 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "subject", &err), 0);
	n = collect(&store);
	CHECK_EQ(n.objects_removed, 0);
	CHECK_EQ(n.streams_pruned, 1);
	CHECK(has_object(&x) && has_object(&y) && has_object(&z));
	CHECK(has_path("streams/refs/about/artifact/1"));
	CHECK(!has_path("streams/refs/about/unknown"));
	CHECK_EQ(cfs_stream_ref_remove(&store, "tag", &err), 1);
	n = collect(&store);
	/* Two names and three streams. */
	CHECK_EQ(n.objects_removed, 3);
	CHECK_EQ(n.streams_pruned, 5);
	CHECK(!has_path("streams/refs/about") && has_path("streams/refs"));
	CHECK_EQ(said.len, 0);
}

/* An artifact with a tag is wanted for itself. */
TEST(a_name_about_a_lost_stream_goes_and_a_tagged_artifact_stays)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest x;

	start(&store);
	x = add_stream(&store, "artifact", NULL, NULL);
	CHECK_EQ(cfs_stream_ref_set(&store, "about/lost/1", "artifact", &err),
		 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "tag", "artifact", &err), 0);
	(void)collect(&store);
	CHECK(has_object(&x) && !has_path("streams/refs/about"));
}
