/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Helpers of the tests of splitstreams. */
#ifndef CFS_TESTS_STREAM_H
#define CFS_TESTS_STREAM_H

#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "repo/stream/reader.h"
#include "tests/test.h"

/* A file of the bytes; never closed. */
static inline int file_of(const struct cfs_buf *bytes)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(bytes->len == 0 ||
	      cfs_write_full(fd, bytes->data, bytes->len) == 0);
	return fd;
}

static inline struct cfs_stream *open_stream(const struct cfs_buf *bytes,
					     enum cfs_alg alg)
{
	struct cfs_stream *s = NULL;
	struct cfs_err err;
	int r = cfs_stream_open(file_of(bytes), alg, &s, &err);

	if (r < 0)
		printf("# %s\n", err.msg);
	CHECK_EQ(r, 0);
	return s;
}

/* @want: lengths of inline chunks and numbers of objects: "512,#0,1024". */
static inline void check_chunks(const struct cfs_buf *bytes, enum cfs_alg alg,
				const char *want)
{
	struct cfs_stream *s = open_stream(bytes, alg);
	struct cfs_buf got = { 0 };
	struct cfs_stream_chunk chunk;
	struct cfs_err err;
	int r;

	while ((r = cfs_stream_next(s, &chunk, &err)) > 0)
		cfs_buf_addf(&got, "%s%s%llu", got.len ? "," : "",
			     chunk.is_object ? "#" : "",
			     (unsigned long long)chunk.n);
	CHECK_EQ(r, 0);
	CHECK_STR(cfs_buf_text(&got), want);
	cfs_buf_free(&got);
	cfs_stream_free(s);
}

#endif
