/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A source gives bytes: a descriptor, memory, a decompressor, a hash that sees
 * what passes.  All of them have the same single call, so that the reader of a
 * format works on any of them, and sources can be stacked.
 *
 * A source consists of two pointers, is passed by address and owns nothing: the
 * object behind @ctx must outlive it.  Only one thread may read at a time.
 */
#ifndef CFS_BASE_SOURCE_H
#define CFS_BASE_SOURCE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

struct cfs_source {
	/*
	 * Reads at least one and at most @len (more than 0) bytes into @data.
	 * Returns their number, 0 at the end and in every later call, or
	 * negative errno with @err set.
	 */
	ssize_t (*read)(void *ctx, void *data, size_t len, struct cfs_err *err);
	void *ctx;
};

/* Calls the member read() once, or not at all if @len is 0.  Returns the number
 * of bytes read, 0 at the end, or negative errno. */
ssize_t cfs_source_read(const struct cfs_source *source, void *data, size_t len,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads until @len bytes have been read or the source ends.  Returns their
 * number, or negative errno. */
ssize_t cfs_source_full(const struct cfs_source *source, void *data, size_t len,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends everything up to the end of @source to @buf.
 * Errors: -EFBIG for more than @max bytes, -ENOMEM, those of the source.
 */
int cfs_source_all(const struct cfs_source *source, size_t max,
		   struct cfs_buf *buf,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns a source that gives the bytes of *@rest and shortens *@rest to those
 * that have not been read. */
struct cfs_source cfs_source_of_bytes(struct cfs_bytes *rest) CFS_NONNULL;

/* Returns a source that calls read(2) on the descriptor *@fd. */
struct cfs_source cfs_source_of_fd(const int *fd) CFS_NONNULL;

#endif
