/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A sink takes bytes: a descriptor, a buffer, a compressor, a hash.  It is the
 * counterpart of base/source.h and follows the same rules.
 */
#ifndef CFS_BASE_SINK_H
#define CFS_BASE_SINK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/source.h"

struct cfs_sink {
	/* Takes all @len (more than 0) bytes of @data.  Returns 0, or negative
	 * errno with @err set; after a failure the sink is not used again. */
	int (*write)(void *ctx, const void *data, size_t len,
		     struct cfs_err *err);
	void *ctx;
};

/* Writes @len bytes of @data.  The sink is not called if @len is 0. */
int cfs_sink_write(const struct cfs_sink *sink, const void *data, size_t len,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4)));

/* Copies @source up to its end to @sink and sets *@ret_len (may be NULL) to the
 * number of bytes.  Errors: -ENOMEM, those of the source and of the sink. */
int cfs_sink_copy(const struct cfs_sink *sink, const struct cfs_source *source,
		  uint64_t *ret_len, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* Returns a sink that appends to @buf.  Its errors: -ENOMEM. */
struct cfs_sink cfs_sink_of_buf(struct cfs_buf *buf) CFS_NONNULL;

/* Returns a sink that calls write(2) on the descriptor *@fd. */
struct cfs_sink cfs_sink_of_fd(const int *fd) CFS_NONNULL;

#endif
