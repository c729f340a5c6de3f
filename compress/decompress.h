/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Decompression of whatever it is: gzip, zstd, xz, bzip2, told by the first
 * bytes, or none.  What the sender calls it does not count; the digest of what
 * comes out is to be checked by the caller in any case.
 */
#ifndef CFS_COMPRESS_DECOMPRESS_H
#define CFS_COMPRESS_DECOMPRESS_H

#include "base/own.h"
#include "base/source.h"

struct cfs_decompress;

/*
 * Reads the first bytes of @from (copied) and gets ready.
 * Errors: -ELIBACC the library that it takes is missing, -ENOMEM, those of
 * @from.
 */
int cfs_decompress_new(const struct cfs_source *from,
		       struct cfs_decompress **ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_decompress_free(struct cfs_decompress *d);
CFS_DEFINE_AUTO(struct cfs_decompress, cfs_decompress_free);

/* "gzip", "zstd", "xz", "bzip2", or "none". */
const char *cfs_decompress_kind(const struct cfs_decompress *d) CFS_NONNULL;

/* The decompressed bytes, of all members or frames.  Once it has ended, so
 * has @from.  Errors of reading: -EBADMSG damaged, cut short or followed by
 * something else, -EFBIG, those of @from. */
struct cfs_source cfs_decompress_source(struct cfs_decompress *d) CFS_NONNULL;

#endif
