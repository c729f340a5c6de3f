/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A growable byte buffer with a sticky failure: append as often as needed and
 * check once at the end.  After a failed allocation the contents stay as they
 * were and every further append does nothing.
 *
 * Zero-initialise it; release it with cfs_buf_free().
 */
#ifndef CFS_BASE_BUF_H
#define CFS_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct cfs_buf {
	uint8_t *data; /* owned; NULL while cap is 0 */
	size_t len;    /* bytes in use */
	size_t cap;    /* bytes allocated */
	bool failed;   /* an append ran out of memory */
};

/* Releases the memory and empties @buf.  NULL and empty buffers are allowed. */
void cfs_buf_free(struct cfs_buf *buf);

#define CFS_AUTOBUF __attribute__((cleanup(cfs_buf_free)))

/* Makes room for @more further bytes.  Returns false if the buffer has failed,
 * now or earlier. */
bool cfs_buf_reserve(struct cfs_buf *buf, size_t more) CFS_NONNULL;

/* Appends @len bytes of @data; @data may be NULL when @len is 0. */
void cfs_buf_add(struct cfs_buf *buf, const void *data, size_t len)
	__attribute__((nonnull(1)));

/* Appends the characters of @text without its NUL. */
void cfs_buf_adds(struct cfs_buf *buf, const char *text) CFS_NONNULL;

/* Appends one byte. */
void cfs_buf_addc(struct cfs_buf *buf, char c) CFS_NONNULL;

/* Appends @len zero bytes. */
void cfs_buf_addz(struct cfs_buf *buf, size_t len) CFS_NONNULL;

/* Appends formatted text without its NUL. */
void cfs_buf_addf(struct cfs_buf *buf, const char *fmt, ...) CFS_NONNULL
	CFS_PRINTF(2, 3);

/*
 * Terminates the contents with a NUL, which len does not count.  Returns them
 * as a C string, valid until the next append, or NULL if the buffer has failed.
 */
char *cfs_buf_text(struct cfs_buf *buf) CFS_NONNULL;

/* Returns the contents as a borrowed range, valid until the next append. */
static inline struct cfs_bytes cfs_buf_bytes(const struct cfs_buf *buf)
{
	return (struct cfs_bytes){ buf->data, buf->len };
}

/* Returns 0 if every append succeeded, otherwise -ENOMEM with "out of memory"
 * in @err. */
int cfs_buf_check(const struct cfs_buf *buf,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
