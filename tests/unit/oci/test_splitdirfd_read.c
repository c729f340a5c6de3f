/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/splitdirfd_read.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/pieces.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;

/* A stream, as a string of any bytes. */
#define STREAM(data) \
	((struct cfs_bytes){ (const uint8_t *)(data), sizeof(data) - 1 })

/* A directory with files of five bytes, and what is none. */
static const char *files(void)
{
	static char path[4096];
	CFS_AUTOFREE char *fifo = NULL;

	if (path[0])
		return path;
	strcpy(path, fresh_dir());
	put(path, "file", "12345");
	put(path, "refused", "12345");
	make_dir(path, "d");
	put(path, "d/inside", "abcde");
	make_link(path, "link", "d/inside");
	make_link(path, "out", "/etc/passwd");
	make_link(path, "up", "../../../../etc/passwd");
	fifo = below(path, "fifo");
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	return path;
}

static unsigned n_found;

static int found(void *arg, int directory, const char *name, uint64_t size,
		 struct cfs_err *e)
{
	CHECK(arg == &n_found && directory >= 0);
	n_found++;
	CHECK_EQ(size, 5);
	return strcmp(name, "refused") == 0 ? cfs_fail(e, EDQUOT, "no") : 0;
}

/*
 * Reads @stream with two directories, the second of which is none, from a
 * source of pieces of @piece bytes.  Returns 0 with the layer in @ret.
 */
static int read_in_pieces(struct cfs_bytes stream, size_t piece,
			  struct cfs_buf *ret, bool *ret_wrong)
{
	CFS_AUTOFD int dir = open(files(), O_PATH | O_CLOEXEC);
	CFS_AUTOFD int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int directories[] = { dir, null };
	struct pieces pieces = { stream, piece };
	const struct cfs_source from = { pieces_read, &pieces };
	CFS_AUTOSPLITDIRFD struct cfs_splitdirfd_reader reader =
		CFS_SPLITDIRFD_READER_INIT;
	const struct cfs_source layer = cfs_splitdirfd_source(&reader);
	struct cfs_err again;
	uint8_t byte;
	int r;

	reader.from = &from;
	reader.directories = directories;
	reader.n_directories = 2;
	reader.found = found;
	reader.arg = &n_found;
	ret->len = 0;
	r = cfs_source_all(&layer, 1 << 20, ret, &err);
	*ret_wrong = reader.is_wrong;
	/* It stays at its end, and a failure stays one. */
	CHECK_EQ(cfs_source_read(&layer, &byte, 1, &again), r == 0 ? 0 : -EIO);
	return r;
}

static int read_stream(struct cfs_bytes stream, struct cfs_buf *ret,
		       bool *ret_wrong)
{
	return read_in_pieces(stream, 65536, ret, ret_wrong);
}

/* Is the layer of @stream @want, whatever pieces it comes in? */
static bool gives(struct cfs_bytes stream, const char *want)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	bool same = true, wrong;

	for (size_t piece = 1; same && piece < 40; piece++)
		same = read_in_pieces(stream, piece, &got, &wrong) == 0 &&
		       !wrong && got.len == strlen(want) &&
		       memcmp(got.data, want, got.len) == 0;
	return same;
}

/* Returns the failure of @stream, for which it is to blame. */
static int fails(struct cfs_bytes stream)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	bool wrong;
	int r = read_stream(stream, &got, &wrong);

	CHECK(r < 0 && wrong);
	return r;
}

TEST(chunks_are_put_together)
{
	CHECK(gives(STREAM(""), ""));
	CHECK(gives(STREAM("\0\3\0\0\0abc"), "abc"));
	CHECK(gives(STREAM("\1\2\0\0\0xy\0\0\0\0\0\1\0\0\0\0"), "xy"));
	CHECK(gives(STREAM("\0\1\0\0\0<"
			   "\2\5\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0file"
			   "\0\1\0\0\0>"
			   "\2\3\0\0\0\0\0\0\0\0\0\0\0\10\0\0\0d/inside"
			   "\2\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0link"),
		    "<12345>abc"));
}

TEST(a_file_is_reported_if_all_of_it_is_used)
{
	n_found = 0;
	CHECK(gives(STREAM("\2\3\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0file"), "123"));
	CHECK_EQ(n_found, 0);
	CHECK(gives(STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0file"), "12345"));
	CHECK_EQ(n_found, 39);
}

TEST(what_the_caller_refuses_is_not_the_fault_of_the_stream)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	bool wrong;

	CHECK_EQ(
		read_stream(STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0refused"),
			    &got, &wrong),
		-EDQUOT);
	CHECK(!wrong);
}

TEST(a_stream_that_ends_inside_a_chunk_is_refused)
{
	static const struct cfs_bytes whole[] = {
		STREAM("\0\3\0\0\0abc"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0file"),
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(whole); i++)
		for (size_t n = 1; n < whole[i].len; n++)
			CHECK_EQ(fails((struct cfs_bytes){ whole[i].data, n }),
				 -EBADMSG);
}

TEST(lengths_and_kinds_have_limits)
{
	static const struct cfs_bytes bad[] = {
		STREAM("\3"),
		STREAM("\377\0\0\0\0"),
		/* 256 MiB and 1 */
		STREAM("\0\1\0\0\20x"),
		STREAM("\1\377\377\377\377x"),
		/* Names of 0 and 4097 bytes, and with a NUL. */
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\1\20\0\0x"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0file\0"),
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(fails(bad[i]), -EBADMSG);
}

TEST(files_stay_below_their_directory_and_are_regular)
{
	static const struct cfs_bytes bad[] = {
		/* The second directory is /dev/null; there is no third. */
		STREAM("\2\5\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0file"),
		STREAM("\2\5\0\0\0\0\0\0\0\2\0\0\0\4\0\0\0file"),
		STREAM("\2\5\0\0\0\0\0\0\0\377\377\377\377\4\0\0\0file"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0fifo"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0d"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0out"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0up"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\13\0\0\0/etc/passwd"),
		STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0d/../.."),
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(fails(bad[i]), -EBADMSG);
	CHECK_EQ(fails(STREAM("\2\5\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0none")),
		 -ENOENT);
}

TEST(a_file_that_is_too_short_is_refused)
{
	CHECK_EQ(fails(STREAM("\2\6\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0file")),
		 -EBADMSG);
	CHECK_EQ(fails(STREAM("\2\377\377\377\377\377\377\377\377\0\0\0\0"
			      "\4\0\0\0file")),
		 -EBADMSG);
}

TEST(what_the_source_fails_with_is_not_the_fault_of_the_stream)
{
	const int closed = -1;
	const struct cfs_source from = cfs_source_of_fd(&closed);
	CFS_AUTOSPLITDIRFD struct cfs_splitdirfd_reader reader =
		CFS_SPLITDIRFD_READER_INIT;
	const struct cfs_source layer = cfs_splitdirfd_source(&reader);
	uint8_t byte;

	reader.from = &from;
	CHECK_EQ(cfs_source_read(&layer, &byte, 1, &err), -EBADF);
	CHECK(!reader.is_wrong);
}
