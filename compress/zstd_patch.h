/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A patch: one zstd frame that makes new bytes of old ones, which are at hand
 * where it is decompressed (compress/unzstd_sink.h).
 *
 * Source: zstd.h, ZSTD_CCtx_refPrefix(); `zstd --patch-from` makes such frames
 * and reads them.
 */
#ifndef CFS_COMPRESS_ZSTD_PATCH_H
#define CFS_COMPRESS_ZSTD_PATCH_H

#include "base/buf.h"

/* The largest window of a patch, and so about the longest old bytes. */
#define CFS_ZSTD_PATCH_LOG_MAX 27

/*
 * The window that a patch of @len old bytes may have, as a power of two: four
 * times as large as they are, and 1 MiB at least.  Negative: there is none.
 */
int cfs_zstd_patch_window(uint64_t len);

/*
 * Appends the patch that makes @new of @old to @out.
 * Returns 1, or 0 if they are too long for one.
 * Errors: -ELIBACC there is no libzstd, -ENOMEM.
 */
int cfs_zstd_patch(struct cfs_bytes old, struct cfs_bytes new,
		   struct cfs_buf *out, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4)));

#endif
