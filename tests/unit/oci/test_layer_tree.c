/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_tree.h"

#include "repo/stream/writer.h"
#include "tests/tarball.h"
#include "tests/unit/oci/stored.h"

/* A piece of a stream: bytes, or an object that is said to have @size bytes. */
struct piece {
	const void *data;
	size_t len;
	const struct cfs_digest *object;
	uint64_t size;
};

static void write_stream(struct cfs_store *store, const struct piece *pieces,
			 size_t n, struct cfs_stream_file *ret)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest id;
	struct cfs_sink sink;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	for (size_t i = 0; i < n; i++)
		CHECK_EQ(pieces[i].object
				 ? cfs_stream_external(w, pieces[i].size,
						       pieces[i].object, &err)
				 : cfs_sink_write(&sink, pieces[i].data,
						  pieces[i].len, &err),
			 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	CHECK_EQ(
		cfs_stream_load(&store->repo, &id, CFS_STREAM_LAYER, ret, &err),
		0);
}

/* The header of a file of 100 bytes, and what follows its content. */
static void halves(struct cfs_buf *head, struct cfs_buf *tail)
{
	tar_header(head, &(struct tar_spec){
				 .name = "file", .mode = 0644, .size = 100 });
	cfs_buf_addz(tail, 512 - 100);
	tar_end(tail);
}

static int note(void *arg, const struct cfs_tar_entry *entry,
		const struct cfs_digest *id, struct cfs_err *e)
{
	struct cfs_digest *ret = arg;

	(void)e;
	CHECK(entry->is_external && id);
	*ret = *id;
	return 0;
}

TEST(an_external_file_has_the_object_that_stands_at_its_place)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOBUF struct cfs_buf head = { 0 }, tail = { 0 };
	struct cfs_digest object, got = { 0 };

	start(&store);
	object = add(&store, "content");
	halves(&head, &tail);
	write_stream(&store,
		     (struct piece[]){ { .data = head.data, .len = head.len },
				       { .object = &object, .size = 100 },
				       { .data = tail.data, .len = tail.len } },
		     3, &file);
	CHECK_EQ(cfs_oci_layer_each(file.stream, note, &got, &err), 0);
	CHECK(cfs_digest_equal(&got, &object));
}

TEST(objects_in_other_places_make_the_layer_damaged)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf head = { 0 }, tail = { 0 };
	struct cfs_digest object, got;

	start(&store);
	object = add(&store, "content");
	halves(&head, &tail);
	{
		const struct piece none[] = {
			{ .data = head.data, .len = head.len },
			{ .data = tail.data, .len = tail.len }
		};
		const struct piece before[] = {
			{ .object = &object, .size = 100 }, none[0], none[1]
		};
		const struct piece after[] = {
			none[0], none[1], { .object = &object, .size = 100 }
		};
		const struct piece inside[] = {
			{ .data = head.data, .len = 256 },
			{ .object = &object, .size = 100 },
			{ .data = head.data + 256, .len = 256 },
			none[1],
		};
		const struct piece twice[] = {
			none[0],
			{ .object = &object, .size = 100 },
			{ .object = &object, .size = 100 },
			none[1]
		};
		const struct {
			const struct piece *pieces;
			size_t n;
		} cases[] = { { none, 2 },
			      { before, 3 },
			      { after, 3 },
			      { inside, 4 },
			      { twice, 4 } };

		for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
			CFS_AUTOSTREAM struct cfs_stream_file file =
				CFS_STREAM_FILE_INIT;

			write_stream(&store, cases[i].pieces, cases[i].n,
				     &file);
			CHECK_EQ(cfs_oci_layer_each(file.stream, note, &got,
						    &err),
				 -EBADMSG);
		}
	}
}

TEST(an_object_has_the_size_of_its_file)
{
	static const uint64_t sizes[] = { 99, 101, 0, UINT64_C(1) << 40 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf head = { 0 }, tail = { 0 };
	struct cfs_digest object, got;

	start(&store);
	object = add(&store, "content");
	halves(&head, &tail);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(sizes); i++) {
		CFS_AUTOSTREAM struct cfs_stream_file file =
			CFS_STREAM_FILE_INIT;

		write_stream(&store,
			     (struct piece[]){
				     { .data = head.data, .len = head.len },
				     { .object = &object, .size = sizes[i] },
				     { .data = tail.data, .len = tail.len } },
			     3, &file);
		CHECK_EQ(cfs_oci_layer_each(file.stream, note, &got, &err),
			 -EBADMSG);
	}
}

static int stop(void *arg, const struct cfs_tar_entry *entry,
		const struct cfs_digest *id, struct cfs_err *e)
{
	(void)arg;
	(void)entry;
	(void)id;
	(void)e;
	return 5;
}

TEST(what_the_caller_returns_ends_the_walk)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	start(&store);
	tar_dir(&tar, "usr/", 0755);
	tar_end(&tar);
	write_stream(&store,
		     &(struct piece){ .data = tar.data, .len = tar.len }, 1,
		     &file);
	CHECK_EQ(cfs_oci_layer_each(file.stream, stop, NULL, &err), 5);
}
