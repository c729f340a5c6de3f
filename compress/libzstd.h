/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libzstd, loaded when it is first needed (base/library.h).  Include this
 * instead of <zstd.h>.  A function that is new here goes into both lists.
 */
#ifndef CFS_COMPRESS_LIBZSTD_H
#define CFS_COMPRESS_LIBZSTD_H

#include <zstd.h>
#include <zstd_errors.h>

#include "base/err.h"

/* Errors: as of cfs_library_load(). */
int cfs_libzstd_load(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* clang-format off */
#define CFS_LIBZSTD(X) \
	X(ZSTD_CCtx_refPrefix) \
	X(ZSTD_CCtx_reset) \
	X(ZSTD_CCtx_setParameter) \
	X(ZSTD_DCtx_refPrefix) \
	X(ZSTD_DCtx_reset) \
	X(ZSTD_DCtx_setParameter) \
	X(ZSTD_compressStream2) \
	X(ZSTD_createCCtx) \
	X(ZSTD_createDCtx) \
	X(ZSTD_decompressDCtx) \
	X(ZSTD_decompressStream) \
	X(ZSTD_findFrameCompressedSize) \
	X(ZSTD_freeCCtx) \
	X(ZSTD_freeDCtx) \
	X(ZSTD_getErrorCode) \
	X(ZSTD_getErrorName) \
	X(ZSTD_initDStream) \
	X(ZSTD_isError) \
	X(ZSTD_sizeof_DCtx)
/* clang-format on */

struct cfs_libzstd {
#define X(name) __typeof__(name) *name;
	CFS_LIBZSTD(X)
#undef X
};
extern struct cfs_libzstd cfs_libzstd;

#define ZSTD_CCtx_refPrefix	     cfs_libzstd.ZSTD_CCtx_refPrefix
#define ZSTD_CCtx_reset		     cfs_libzstd.ZSTD_CCtx_reset
#define ZSTD_CCtx_setParameter	     cfs_libzstd.ZSTD_CCtx_setParameter
#define ZSTD_DCtx_refPrefix	     cfs_libzstd.ZSTD_DCtx_refPrefix
#define ZSTD_DCtx_reset		     cfs_libzstd.ZSTD_DCtx_reset
#define ZSTD_DCtx_setParameter	     cfs_libzstd.ZSTD_DCtx_setParameter
#define ZSTD_compressStream2	     cfs_libzstd.ZSTD_compressStream2
#define ZSTD_createCCtx		     cfs_libzstd.ZSTD_createCCtx
#define ZSTD_createDCtx		     cfs_libzstd.ZSTD_createDCtx
#define ZSTD_decompressDCtx	     cfs_libzstd.ZSTD_decompressDCtx
#define ZSTD_decompressStream	     cfs_libzstd.ZSTD_decompressStream
#define ZSTD_findFrameCompressedSize cfs_libzstd.ZSTD_findFrameCompressedSize
#define ZSTD_freeCCtx		     cfs_libzstd.ZSTD_freeCCtx
#define ZSTD_freeDCtx		     cfs_libzstd.ZSTD_freeDCtx
#define ZSTD_getErrorCode	     cfs_libzstd.ZSTD_getErrorCode
#define ZSTD_getErrorName	     cfs_libzstd.ZSTD_getErrorName
#define ZSTD_initDStream	     cfs_libzstd.ZSTD_initDStream
#define ZSTD_isError		     cfs_libzstd.ZSTD_isError
#define ZSTD_sizeof_DCtx	     cfs_libzstd.ZSTD_sizeof_DCtx

#endif
