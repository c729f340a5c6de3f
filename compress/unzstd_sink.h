/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Zstandard frames that arrive piece by piece, from a server that is not
 * trusted: each is decompressed as it comes.  compress/zstd.h reads from a
 * source instead.
 *
 * Source: RFC 8878.
 */
#ifndef CFS_COMPRESS_UNZSTD_SINK_H
#define CFS_COMPRESS_UNZSTD_SINK_H

#include "base/own.h"
#include "base/sink.h"

/* The largest window of a frame: many are decompressed at once, each of which
 * takes so much memory.  zstd's own levels up to 19 need it at most. */
#define CFS_UNZSTD_WINDOW_LOG 23

struct cfs_unzstd_sink;

/* A decompressor of one frame into @to, which is copied; its object outlives
 * the result.  Errors: -ELIBACC there is no libzstd, -ENOMEM. */
int cfs_unzstd_sink_new(const struct cfs_sink *to, struct cfs_unzstd_sink **ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_unzstd_sink_free(struct cfs_unzstd_sink *u);
CFS_DEFINE_AUTO(struct cfs_unzstd_sink, cfs_unzstd_sink_free);

/*
 * The frame was made by cfs_zstd_patch() of the bytes @old, which outlive it;
 * before the first byte is written.  Its window may be as large as a patch of
 * them needs (compress/zstd_patch.h).  Errors: -EFBIG @old is too long for
 * patches.
 */
int cfs_unzstd_sink_patches(struct cfs_unzstd_sink *u, struct cfs_bytes old,
			    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3)));

/* Decompresses the next bytes.  Errors: -EBADMSG damaged, a window that is too
 * large, or bytes behind the frame; those of the sink. */
int cfs_unzstd_sink_write(struct cfs_unzstd_sink *u, struct cfs_bytes bytes,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Everything has come.  Errors: -EBADMSG the frame is not complete. */
int cfs_unzstd_sink_end(struct cfs_unzstd_sink *u,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Decompresses @frame, which is one frame of exactly @size bytes, to @ret.
 * @u: any; what it was given before is forgotten.
 * Errors: -EBADMSG it is something else.
 */
int cfs_unzstd_whole(struct cfs_unzstd_sink *u, struct cfs_bytes frame,
		     uint8_t *ret, size_t size,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
