/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/sink.h"

#include <string.h>

#include "base/io.h"

#define PIECE 65536

int cfs_sink_write(const struct cfs_sink *sink, const void *data, size_t len,
		   struct cfs_err *err)
{
	return len > 0 ? sink->write(sink->ctx, data, len, err) : 0;
}

int cfs_sink_copy(const struct cfs_sink *sink, const struct cfs_source *source,
		  uint64_t *ret_len, struct cfs_err *err)
{
	CFS_AUTOFREE char *piece = malloc(PIECE);
	uint64_t sum = 0;
	ssize_t n;
	int r;

	if (!piece)
		return cfs_no_memory(err);
	while ((n = source->read(source->ctx, piece, PIECE, err)) > 0) {
		r = sink->write(sink->ctx, piece, (size_t)n, err);
		if (r < 0)
			return r;
		sum += (uint64_t)n;
	}
	if (n == 0 && ret_len)
		*ret_len = sum;
	return (int)n;
}

static int write_buf(void *ctx, const void *data, size_t len,
		     struct cfs_err *err)
{
	struct cfs_buf *buf = ctx;

	cfs_buf_add(buf, data, len);
	return cfs_buf_check(buf, err);
}

struct cfs_sink cfs_sink_of_buf(struct cfs_buf *buf)
{
	return (struct cfs_sink){ write_buf, buf };
}

static int write_fd(void *ctx, const void *data, size_t len,
		    struct cfs_err *err)
{
	int r = cfs_write_full(*(const int *)ctx, data, len);

	return r < 0 ? cfs_fail_code(err, r, "write") : 0;
}

struct cfs_sink cfs_sink_of_fd(const int *fd)
{
	return (struct cfs_sink){ write_fd, (void *)(uintptr_t)fd };
}
