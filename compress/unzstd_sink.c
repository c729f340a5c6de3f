/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/unzstd_sink.h"

#include "compress/libzstd.h"
#include "compress/zstd_patch.h"

/* Bytes that are given to the sink at a time: what libzstd recommends. */
#define ROOM (128u << 10)

struct cfs_unzstd_sink {
	struct cfs_sink to;
	ZSTD_DCtx *ctx;
	int window; /* the largest one allowed, 2^window bytes */
	bool ended; /* the frame has */
	uint8_t room[ROOM];
};

/* Cannot fail: nothing was decompressed yet. */
static void limit_window(struct cfs_unzstd_sink *u, int log)
{
	(void)ZSTD_DCtx_setParameter(u->ctx, ZSTD_d_windowLogMax, log);
	u->window = log;
}

int cfs_unzstd_sink_patches(struct cfs_unzstd_sink *u, struct cfs_bytes old,
			    struct cfs_err *err)
{
	int log = cfs_zstd_patch_window(old.len);

	if (log < 0)
		return cfs_fail(err, EFBIG,
				"%zu bytes are too long for a patch", old.len);
	limit_window(u, log);
	if (ZSTD_isError(ZSTD_DCtx_refPrefix(u->ctx, old.data, old.len)))
		return cfs_no_memory(err);
	return 0;
}

int cfs_unzstd_sink_new(const struct cfs_sink *to, struct cfs_unzstd_sink **ret,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_unzstd_sink_free) struct cfs_unzstd_sink *u = NULL;
	int r = cfs_libzstd_load(err);

	if (r < 0)
		return r;
	u = malloc(sizeof(*u));
	if (!u)
		return cfs_no_memory(err);
	u->to = *to;
	u->ended = false;
	u->ctx = ZSTD_createDCtx();
	if (!u->ctx)
		return cfs_no_memory(err);
	limit_window(u, CFS_UNZSTD_WINDOW_LOG);
	*ret = cfs_steal_ptr(&u);
	return 0;
}

void cfs_unzstd_sink_free(struct cfs_unzstd_sink *u)
{
	if (!u)
		return;
	if (u->ctx)
		ZSTD_freeDCtx(u->ctx);
	free(u);
}

static int damaged(const struct cfs_unzstd_sink *u, size_t code,
		   struct cfs_err *err)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
		return cfs_fail(err, EBADMSG,
				"zstd: a frame with a window of over %u MiB",
				1u << (u->window - 20));
	if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
		return cfs_no_memory(err);
	return cfs_fail(err, EBADMSG, "zstd: %s", ZSTD_getErrorName(code));
}

int cfs_unzstd_sink_write(struct cfs_unzstd_sink *u, struct cfs_bytes bytes,
			  struct cfs_err *err)
{
	ZSTD_inBuffer in = { bytes.data, bytes.len, 0 };
	bool full = false;

	/* Decompressed bytes may wait inside libzstd without more input. */
	while (in.pos < in.size || (full && !u->ended)) {
		ZSTD_outBuffer out = { u->room, sizeof(u->room), 0 };
		size_t left;
		int r;

		if (u->ended)
			return cfs_fail(err, EBADMSG,
					"zstd: bytes behind the frame");
		left = ZSTD_decompressStream(u->ctx, &out, &in);
		if (ZSTD_isError(left))
			return damaged(u, left, err);
		u->ended = left == 0;
		full = out.pos == out.size;
		r = cfs_sink_write(&u->to, u->room, out.pos, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cfs_unzstd_sink_end(struct cfs_unzstd_sink *u, struct cfs_err *err)
{
	return u->ended ? 0
			: cfs_fail(err, EBADMSG, "zstd: cut short in a frame");
}

int cfs_unzstd_whole(struct cfs_unzstd_sink *u, struct cfs_bytes frame,
		     uint8_t *ret, size_t size, struct cfs_err *err)
{
	size_t n;

	(void)ZSTD_DCtx_reset(u->ctx, ZSTD_reset_session_only);
	u->ended = false;
	/* Several frames would do as well for libzstd. */
	if (ZSTD_findFrameCompressedSize(frame.data, frame.len) != frame.len)
		return cfs_fail(err, EBADMSG, "not one zstd frame");
	n = ZSTD_decompressDCtx(u->ctx, ret, size, frame.data, frame.len);
	if (ZSTD_isError(n))
		return damaged(u, n, err);
	if (n != size)
		return cfs_fail(err, EBADMSG, "zstd: %zu bytes, not %zu", n,
				size);
	return 0;
}
