/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Zstandard, as a source that decompresses and a sink that compresses.
 *
 * Source: RFC 8878.
 */
#ifndef CFS_COMPRESS_ZSTD_H
#define CFS_COMPRESS_ZSTD_H

#include "base/own.h"
#include "base/sink.h"
#include "base/source.h"

/*
 * Decompression: all frames, one after another, and skippable frames anywhere.
 * What follows the last frame has to be a frame as well.
 */
struct cfs_unzstd;

/* @from: copied; its object outlives the result.
 * Errors: -ELIBACC there is no libzstd, -ENOMEM. */
int cfs_unzstd_new(const struct cfs_source *from, struct cfs_unzstd **ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_unzstd_free(struct cfs_unzstd *u);

/*
 * Decompresses @from instead, from its beginning, wherever the source before
 * was left.  A new decompressor would do the same; in a virtual machine it
 * takes longer to make than a small stream to decompress, because libzstd asks
 * the processor for its features, which traps.
 * @from: copied; its object outlives @u, or the next restart.
 */
void cfs_unzstd_restart(struct cfs_unzstd *u,
			const struct cfs_source *from) CFS_NONNULL;
CFS_DEFINE_AUTO(struct cfs_unzstd, cfs_unzstd_free);

/*
 * The decompressed bytes.  Errors of reading: -EBADMSG damaged, cut short or
 * followed by something else, -EFBIG a frame that needs more memory than
 * 128 MiB (the most that zstd's own tool takes unasked), and those of @from.
 */
struct cfs_source cfs_unzstd_source(struct cfs_unzstd *u) CFS_NONNULL;

/*
 * Compression into a single frame: level 3, without checksum, dictionary or
 * the size of the content.  Those are libzstd's defaults, and the bytes then
 * depend on its version alone.
 */
struct cfs_zstd;

/* @to: copied; its object outlives the result. */
int cfs_zstd_new(const struct cfs_sink *to, struct cfs_zstd **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_zstd_free(struct cfs_zstd *z);
CFS_DEFINE_AUTO(struct cfs_zstd, cfs_zstd_free);

/* Lets frames from here on need no more than 2^@log bytes to be decompressed
 * with, beside what every frame needs; libzstd's default is 2^21.  @log: 10 to
 * 27. */
void cfs_zstd_limit_window(struct cfs_zstd *z, int log) CFS_NONNULL;

/* What is written there is compressed; some of it reaches @to only with
 * cfs_zstd_end(). */
struct cfs_sink cfs_zstd_sink(struct cfs_zstd *z) CFS_NONNULL;

/* Ends the frame.  Another one may be begun by writing. */
int cfs_zstd_end(struct cfs_zstd *z,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Sends the frames from here on to @to; the one before was ended.  A new
 * compressor would make the same bytes, and clear a MiB of memory first.
 * @to: copied; its object outlives @z, or the next redirection.
 */
void cfs_zstd_redirect(struct cfs_zstd *z,
		       const struct cfs_sink *to) CFS_NONNULL;

#endif
