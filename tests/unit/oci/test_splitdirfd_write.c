/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/splitdirfd_write.h"

#include "base/zeros.h"
#include "oci/splitdirfd_read.h"
#include "tests/unit/oci/stored.h"

/* Writes the stream @id of @store for directory number 1. */
static int write_of(struct cfs_store *store, const struct cfs_digest *id,
		    struct cfs_buf *ret)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	const struct cfs_sink to = cfs_sink_of_buf(ret);

	CHECK_EQ(cfs_stream_load(&store->repo, id, NULL, &file, &err), 0);
	return cfs_splitdirfd_write(&store->repo, file.stream, 1, &to, &err);
}

static int read_back(const struct cfs_store *store,
		     const struct cfs_buf *stream, struct cfs_buf *ret)
{
	const int directories[] = { -EBADF, store->objects };
	struct cfs_bytes rest = cfs_buf_bytes(stream);
	const struct cfs_source from = cfs_source_of_bytes(&rest);
	CFS_AUTOSPLITDIRFD struct cfs_splitdirfd_reader reader =
		CFS_SPLITDIRFD_READER_INIT;
	const struct cfs_source layer = cfs_splitdirfd_source(&reader);

	reader.from = &from;
	reader.directories = directories;
	reader.n_directories = 2;
	return cfs_source_all(&layer, 1 << 24, ret, &err);
}

TEST(bytes_and_objects_are_chunks)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf stream = { 0 }, layer = { 0 };
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id, bc;

	start(&store);
	id = add_layer(&store);
	bc = add(&store, "bc");
	cfs_digest_to_path(&bc, path);
	CHECK_EQ(write_of(&store, &id, &stream), 0);
	CHECK_EQ(stream.len, 6 + 17 + strlen(path));
	CHECK_MEM(stream.data, "\0\1\0\0\0a\2\2\0\0\0\0\0\0\0\1\0\0\0", 19);
	CHECK_MEM(stream.data + 23, path, strlen(path));
	CHECK_EQ(read_back(&store, &stream, &layer), 0);
	CHECK_EQ(layer.len, 3);
	CHECK_MEM(layer.data, "abc", 3);
}

TEST(bytes_of_any_length_come_back)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf bytes = { 0 }, stream = { 0 }, layer = { 0 };
	struct cfs_digest id;

	start(&store);
	for (unsigned i = 0; i < 300000; i++)
		cfs_buf_addc(&bytes, (char)(i * i >> 8));
	id = add_inline(&store, cfs_buf_bytes(&bytes));
	CHECK_EQ(write_of(&store, &id, &stream), 0);
	CHECK_EQ(read_back(&store, &stream, &layer), 0);
	CHECK_EQ(layer.len, bytes.len);
	CHECK_MEM(layer.data, bytes.data, bytes.len);
}

TEST(a_failure_ends_the_stream_inside_a_chunk)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf stream = { 0 }, layer = { 0 };
	struct cfs_digest id, bc;

	start(&store);
	id = add_layer(&store);
	bc = add(&store, "bc");
	lose(&store, &bc);
	CHECK_EQ(write_of(&store, &id, &stream), -ENOENT);
	CHECK_EQ(read_back(&store, &stream, &layer), -EBADMSG);
}

static unsigned n_writes;

static int refuse(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	n_writes++;
	return cfs_fail(e, EPIPE, "closed");
}

TEST(a_sink_that_failed_is_not_used_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	const struct cfs_sink to = { refuse, NULL };
	struct cfs_digest id;

	start(&store);
	id = add_layer(&store);
	CHECK_EQ(cfs_stream_load(&store.repo, &id, NULL, &file, &err), 0);
	CHECK_EQ(cfs_splitdirfd_write(&store.repo, file.stream, 0, &to, &err),
		 -EPIPE);
	CHECK_EQ(n_writes, 1);
}
