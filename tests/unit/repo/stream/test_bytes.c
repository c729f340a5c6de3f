/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/bytes.h"

#include "tests/unit/repo/stream/stored.h"

#define WHOLE "one two two two three"

static char object_path[CFS_OBJECT_PATH_MAX];

/* Opens the stream of start() in @file and its bytes in @bytes. */
static void open_bytes(struct cfs_store *store, struct cfs_stream_file *file,
		       struct cfs_stream_bytes *bytes)
{
	struct cfs_digest object, id;

	start(store, 11, &object, &id);
	cfs_digest_to_path(&object, object_path);
	CHECK_EQ(cfs_stream_load(&store->repo, &id, NULL, file, &err), 0);
	CHECK_EQ(cfs_stream_bytes_open(&store->repo, file->stream, bytes, &err),
		 0);
}

/* Reads up to @len bytes at a time.  Returns their number, or an error. */
static ssize_t read_by(struct cfs_stream_bytes *bytes, size_t len,
		       char ret[static 64])
{
	const struct cfs_source source = cfs_stream_bytes_source(bytes);
	size_t done = 0;
	ssize_t n;

	memset(ret, 0, 64);
	do {
		CHECK(done + len <= 64);
		n = cfs_source_read(&source, ret + done, len, &err);
		done += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return n < 0 ? n : (ssize_t)done;
}

TEST(bytes_and_objects_are_read_as_one_by_pieces_of_any_size)
{
	for (size_t len = 1; len < 40; len++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		CFS_AUTOSTREAM struct cfs_stream_file file =
			CFS_STREAM_FILE_INIT;
		struct cfs_stream_bytes bytes = CFS_STREAM_BYTES_INIT;
		char got[64];

		open_bytes(&store, &file, &bytes);
		CHECK_EQ(read_by(&bytes, len, got), strlen(WHOLE));
		CHECK_STR(got, WHOLE);
		cfs_stream_bytes_close(&bytes);
	}
}

TEST(the_end_stays_the_end)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct cfs_stream_bytes bytes = CFS_STREAM_BYTES_INIT;
	char got[64];

	open_bytes(&store, &file, &bytes);
	CHECK_EQ(read_by(&bytes, 30, got), strlen(WHOLE));
	CHECK_EQ(read_by(&bytes, 30, got), 0);
	cfs_stream_bytes_close(&bytes);
}

TEST(a_missing_object_is_an_error_that_names_it)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct cfs_stream_bytes bytes = CFS_STREAM_BYTES_INIT;
	char got[64];

	open_bytes(&store, &file, &bytes);
	CHECK_EQ(unlinkat(store.objects, object_path, 0), 0);
	CHECK_EQ(read_by(&bytes, 30, got), -ENOENT);
	CHECK_STR(got, "one ");
	CHECK(strstr(err.msg, object_path));
	cfs_stream_bytes_close(&bytes);
}

TEST(a_link_is_not_followed_in_place_of_an_object)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct cfs_stream_bytes bytes = CFS_STREAM_BYTES_INIT;
	char got[64];

	open_bytes(&store, &file, &bytes);
	CHECK_EQ(unlinkat(store.objects, object_path, 0), 0);
	CHECK_EQ(symlinkat("/etc/passwd", store.objects, object_path), 0);
	CHECK(read_by(&bytes, 30, got) < 0);
	CHECK_STR(got, "one ");
	cfs_stream_bytes_close(&bytes);
}

TEST(a_close_may_be_repeated_and_leaves_nothing_open)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct cfs_stream_bytes bytes = CFS_STREAM_BYTES_INIT;
	char got[8] = "";
	struct cfs_source source;
	int objects, object;

	open_bytes(&store, &file, &bytes);
	source = cfs_stream_bytes_source(&bytes);
	CHECK_EQ(cfs_source_full(&source, got, 6, &err), 6);
	CHECK_MEM(got, "one tw", 6);
	objects = bytes.objects;
	object = bytes.object;
	CHECK(objects >= 0 && object >= 0);
	cfs_stream_bytes_close(&bytes);
	cfs_stream_bytes_close(&bytes);
	CHECK(fcntl(objects, F_GETFD) < 0 && fcntl(object, F_GETFD) < 0);
}
