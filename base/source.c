/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/source.h"

#include <string.h>

/* Bytes to ask for at a time while the total is unknown. */
#define PIECE 65536

ssize_t cfs_source_read(const struct cfs_source *source, void *data, size_t len,
			struct cfs_err *err)
{
	return len > 0 ? source->read(source->ctx, data, len, err) : 0;
}

ssize_t cfs_source_full(const struct cfs_source *source, void *data, size_t len,
			struct cfs_err *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = source->read(source->ctx, (char *)data + done,
					 len - done, err);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int cfs_source_all(const struct cfs_source *source, size_t max,
		   struct cfs_buf *buf, struct cfs_err *err)
{
	size_t start = buf->len;

	for (;;) {
		size_t have = buf->len - start, room = PIECE;
		ssize_t n;

		/* Asking for one byte too many tells "full" from "too long". */
		if (max - have < room)
			room = max - have + 1;
		if (!cfs_buf_reserve(buf, room))
			return cfs_buf_check(buf, err);
		n = source->read(source->ctx, buf->data + buf->len, room, err);
		if (n <= 0)
			return (int)n;
		buf->len += (size_t)n;
		if (buf->len - start > max)
			return cfs_fail(err, EFBIG, "longer than %zu bytes",
					max);
	}
}

static ssize_t read_bytes(void *ctx, void *data, size_t len,
			  struct cfs_err *err)
{
	struct cfs_bytes *rest = ctx;

	(void)err;
	if (len > rest->len)
		len = rest->len;
	if (len == 0)
		return 0;
	memcpy(data, rest->data, len);
	rest->data += len;
	rest->len -= len;
	return (ssize_t)len;
}

struct cfs_source cfs_source_of_bytes(struct cfs_bytes *rest)
{
	return (struct cfs_source){ read_bytes, rest };
}

static ssize_t read_fd(void *ctx, void *data, size_t len, struct cfs_err *err)
{
	ssize_t n;

	do
		n = read(*(const int *)ctx, data, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? cfs_fail_errno(err, "read") : n;
}

struct cfs_source cfs_source_of_fd(const int *fd)
{
	return (struct cfs_source){ read_fd, (void *)(uintptr_t)fd };
}
