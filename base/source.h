/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where bytes come from: a descriptor, memory, a decompressor, a hash that
 * looks on.  One call, so that a reader of a format works on any of them and
 * sources can be stacked.
 *
 * A source is two pointers, passed by address and never owned: the object
 * behind @ctx outlives it.  One thread at a time reads.
 */
#ifndef CFS_BASE_SOURCE_H
#define CFS_BASE_SOURCE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

struct cfs_source {
	/*
	 * Reads at least one and at most @len (over 0) bytes to @data.
	 * Returns their number, 0 at the end (and at every call after it), or
	 * negative errno with @err filled in.
	 */
	ssize_t (*read)(void *ctx, void *data, size_t len, struct cfs_err *err);
	void *ctx;
};

/* Reads once, as the member does; @len may be 0. */
ssize_t cfs_source_read(const struct cfs_source *source, void *data, size_t len,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads until @len bytes are there or the source ends.  Returns their number,
 * or negative errno. */
ssize_t cfs_source_full(const struct cfs_source *source, void *data, size_t len,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends everything up to the end to @buf.
 * Errors: -EFBIG when there are more than @max bytes, -ENOMEM, the source's.
 */
int cfs_source_all(const struct cfs_source *source, size_t max,
		   struct cfs_buf *buf,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The bytes of *@rest, front to back; *@rest becomes what is left. */
struct cfs_source cfs_source_of_bytes(struct cfs_bytes *rest) CFS_NONNULL;

/* What read(2) gives on the descriptor *@fd, from its position. */
struct cfs_source cfs_source_of_fd(const int *fd) CFS_NONNULL;

#endif
