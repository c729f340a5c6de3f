/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cfs_buf_free(struct cfs_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	*buf = (struct cfs_buf){ 0 };
}

bool cfs_buf_reserve(struct cfs_buf *buf, size_t more)
{
	size_t need, cap = buf->cap ? buf->cap : 256;
	uint8_t *data;

	if (buf->failed)
		return false;
	if (more <= buf->cap - buf->len)
		return true;
	/* The margin keeps the doubling below from overflowing. */
	if (__builtin_add_overflow(buf->len, more, &need) ||
	    need > SIZE_MAX / 4) {
		buf->failed = true;
		return false;
	}
	while (cap < need)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void cfs_buf_add(struct cfs_buf *buf, const void *data, size_t len)
{
	if (len == 0 || !cfs_buf_reserve(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void cfs_buf_adds(struct cfs_buf *buf, const char *text)
{
	cfs_buf_add(buf, text, strlen(text));
}

void cfs_buf_addc(struct cfs_buf *buf, char c)
{
	cfs_buf_add(buf, &c, 1);
}

void cfs_buf_addf(struct cfs_buf *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		buf->failed = true;
		return;
	}
	/* vsnprintf writes a NUL behind the text, which len does not count. */
	if (!cfs_buf_reserve(buf, (size_t)n + 1))
		return;
	va_start(ap, fmt);
	vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
}

char *cfs_buf_text(struct cfs_buf *buf)
{
	if (!cfs_buf_reserve(buf, 1))
		return NULL;
	buf->data[buf->len] = '\0';
	return (char *)buf->data;
}

int cfs_buf_check(const struct cfs_buf *buf, struct cfs_err *err)
{
	return buf->failed ? cfs_no_memory(err) : 0;
}
