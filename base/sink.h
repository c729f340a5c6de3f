/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where bytes go: a descriptor, a buffer, a compressor, a hash.  The
 * counterpart of base/source.h, with the same rules.
 */
#ifndef CFS_BASE_SINK_H
#define CFS_BASE_SINK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/source.h"

struct cfs_sink {
	/* Takes all @len bytes of @data.  Returns 0, or negative errno with
	 * @err filled in; the sink is not used again after a failure. */
	int (*write)(void *ctx, const void *data, size_t len,
		     struct cfs_err *err);
	void *ctx;
};

/* Writes @data; no bytes at all are no call. */
int cfs_sink_write(const struct cfs_sink *sink, const void *data, size_t len,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4)));

/* Everything from @source up to its end; *@ret_len (may be NULL) are the
 * bytes.  Errors: those of both. */
int cfs_sink_copy(const struct cfs_sink *sink, const struct cfs_source *source,
		  uint64_t *ret_len, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* Appends to @buf.  Errors: -ENOMEM. */
struct cfs_sink cfs_sink_of_buf(struct cfs_buf *buf) CFS_NONNULL;

/* write(2) on the descriptor *@fd. */
struct cfs_sink cfs_sink_of_fd(const int *fd) CFS_NONNULL;

#endif
