/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/zstd_patch.h"

#include "base/own.h"
#include "compress/libzstd.h"

#define LOG_MIN 20

/* The least power of two that is not below @n. */
static int log_of(uint64_t n)
{
	int log = 0;

	while (log < 63 && UINT64_C(1) << log < n)
		log++;
	return log;
}

int cfs_zstd_patch_window(uint64_t len)
{
	int log = log_of(len) + 2;

	if (log > CFS_ZSTD_PATCH_LOG_MAX)
		return log_of(len) < CFS_ZSTD_PATCH_LOG_MAX
			       ? CFS_ZSTD_PATCH_LOG_MAX
			       : -EFBIG;
	return log < LOG_MIN ? LOG_MIN : log;
}

static void free_context(ZSTD_CCtx **ctx)
{
	if (*ctx)
		ZSTD_freeCCtx(*ctx);
}

/* Equal bytes are mostly far apart, which takes long distance matching. */
static bool prepare(ZSTD_CCtx *ctx, struct cfs_bytes old, int log)
{
	return !ZSTD_isError(
		       ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, log)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(
		       ctx, ZSTD_c_enableLongDistanceMatching, 1)) &&
	       !ZSTD_isError(ZSTD_CCtx_refPrefix(ctx, old.data, old.len));
}

int cfs_zstd_patch(struct cfs_bytes old, struct cfs_bytes new,
		   struct cfs_buf *out, struct cfs_err *err)
{
	__attribute__((cleanup(free_context))) ZSTD_CCtx *ctx = NULL;
	ZSTD_inBuffer in = { new.data, new.len, 0 };
	int log = log_of((uint64_t)old.len + new.len);
	uint8_t room[16384];
	size_t left = 1;
	int r;

	log = log < LOG_MIN ? LOG_MIN : log;
	if (log > cfs_zstd_patch_window(old.len))
		return 0;
	r = cfs_libzstd_load(err);
	if (r < 0)
		return r;
	ctx = ZSTD_createCCtx();
	if (!ctx || !prepare(ctx, old, log))
		return cfs_no_memory(err);
	while (left > 0) {
		ZSTD_outBuffer to = { room, sizeof(room), 0 };

		left = ZSTD_compressStream2(ctx, &to, &in, ZSTD_e_end);
		if (ZSTD_isError(left))
			return cfs_no_memory(err);
		cfs_buf_add(out, room, to.pos);
	}
	r = cfs_buf_check(out, err);
	return r < 0 ? r : 1;
}
