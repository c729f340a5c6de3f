/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/zstd.h"

#include <stdatomic.h>
#include <string.h>

#include "compress/libzstd.h"

/* Bytes that are read, or written, at a time: what libzstd recommends.  Twice
 * as many are no faster. */
#define ROOM (128u << 10)

/* Compressed bytes that are decompressed at once.  What is between the objects
 * of a manifest's stream has some hundred, but asks for a window of 2 MiB as
 * every stream does: memory that the kernel clears, all of it where pages are
 * huge. */
#define SMALL (16u << 10)

struct cfs_unzstd {
	struct cfs_source from;
	ZSTD_DCtx *ctx;
	ZSTD_inBuffer in;
	size_t more;	       /* 0: between frames */
	bool started;	       /* something was read */
	bool ended;	       /* @from has */
	struct cfs_bytes rest; /* of @plain, to be given yet */
	uint8_t room[ROOM], plain[ROOM];
};

/*
 * The last one of each kind that was given back, for the next user: a command
 * that reads or writes a few small streams would otherwise spend more time on
 * making them than on all else.  A compressor clears a MiB of memory, in pages
 * that are new for the process, and both ask the processor for its features.
 */
static _Atomic(struct cfs_unzstd *) spare_unzstd;
static _Atomic(struct cfs_zstd *) spare_zstd;

/* Bytes of a decompressor that is kept: windows can be large. */
#define SPARE_MAX (1u << 20)

static void begin(struct cfs_unzstd *u, const struct cfs_source *from)
{
	u->from = *from;
	u->in = (ZSTD_inBuffer){ .src = u->room };
	u->more = 0;
	u->started = u->ended = false;
	u->rest = (struct cfs_bytes){ u->plain, 0 };
}

int cfs_unzstd_new(const struct cfs_source *from, struct cfs_unzstd **ret,
		   struct cfs_err *err)
{
	CFS_AUTO(cfs_unzstd_free) struct cfs_unzstd *u = NULL;
	int r = cfs_libzstd_load(err);

	if (r < 0)
		return r;
	u = atomic_exchange(&spare_unzstd, NULL);
	if (u) {
		cfs_unzstd_restart(u, from);
		*ret = cfs_steal_ptr(&u);
		return 0;
	}
	u = malloc(sizeof(*u));
	if (!u)
		return cfs_no_memory(err);
	/* The window stays at libzstd's own limit of 2^27 bytes: a frame could
	 * ask for any amount of memory. */
	u->ctx = ZSTD_createDCtx();
	if (!u->ctx)
		return cfs_no_memory(err);
	begin(u, from);
	*ret = cfs_steal_ptr(&u);
	return 0;
}

void cfs_unzstd_restart(struct cfs_unzstd *u, const struct cfs_source *from)
{
	/* Cannot fail: no parameter is changed, and no dictionary loaded. */
	(void)ZSTD_initDStream(u->ctx);
	begin(u, from);
}

void cfs_unzstd_free(struct cfs_unzstd *u)
{
	if (u && u->ctx && ZSTD_sizeof_DCtx(u->ctx) <= SPARE_MAX)
		u = atomic_exchange(&spare_unzstd, u);
	if (!u)
		return;
	if (u->ctx)
		ZSTD_freeDCtx(u->ctx);
	free(u);
}

static int refill(struct cfs_unzstd *u, struct cfs_err *err)
{
	ssize_t n = cfs_source_read(&u->from, u->room, sizeof(u->room), err);

	if (n < 0)
		return (int)n;
	u->ended = n == 0;
	u->in.pos = 0;
	u->in.size = (size_t)n;
	return 0;
}

static int damaged(size_t code, struct cfs_err *err)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
		return cfs_fail(err, EFBIG,
				"a zstd frame that needs over 128 MiB of "
				"memory to be decompressed is not supported");
	return cfs_fail(err, EBADMSG, "zstd: %s", ZSTD_getErrorName(code));
}

/* Is this a single frame, whose window has at most 128 MiB?
 * Source: RFC 8878, 3.1.1.1. */
static bool is_one_frame(const uint8_t *data, size_t n)
{
	/* The window is that of the content if Single_Segment_flag is set. */
	return n > 5 && (data[4] & 0x20 || data[5] <= (27 - 10) << 3) &&
	       ZSTD_findFrameCompressedSize(data, n) == n;
}

/* Reads the beginning, and decompresses it if there is no more.  If it is
 * damaged or becomes too long, reading on has the error. */
static int start(struct cfs_unzstd *u, struct cfs_err *err)
{
	ssize_t n = cfs_source_full(&u->from, u->room, sizeof(u->room), err);
	size_t size;

	if (n < 0)
		return (int)n;
	u->started = true;
	u->in.size = (size_t)n;
	if (n > (ssize_t)SMALL || !is_one_frame(u->room, (size_t)n))
		return 0;
	size = ZSTD_decompressDCtx(u->ctx, u->plain, sizeof(u->plain), u->room,
				   (size_t)n);
	if (ZSTD_isError(size)) {
		(void)ZSTD_initDStream(u->ctx);
		return 0;
	}
	u->in.pos = u->in.size;
	u->ended = true;
	u->rest.len = size;
	return 0;
}

static ssize_t read_unzstd(void *ctx, void *data, size_t len,
			   struct cfs_err *err)
{
	struct cfs_unzstd *u = ctx;
	ZSTD_outBuffer out = { data, len, 0 };

	if (!u->started && start(u, err) < 0)
		return -err->code;
	if (u->rest.len > 0) {
		const struct cfs_source plain = cfs_source_of_bytes(&u->rest);

		return cfs_source_read(&plain, data, len, err);
	}

	/* Decompressed bytes may wait inside libzstd without more input. */
	while (out.pos == 0) {
		size_t before = u->in.pos, more;

		if (u->in.pos == u->in.size && !u->ended) {
			int r = refill(u, err);

			if (r < 0)
				return r;
			before = 0;
		}
		if (u->ended && u->more == 0)
			return 0;
		more = ZSTD_decompressStream(u->ctx, &out, &u->in);
		if (ZSTD_isError(more))
			return damaged(more, err);
		if (u->ended && out.pos == 0 && u->in.pos == before &&
		    more != 0)
			return cfs_fail(err, EBADMSG,
					"zstd: cut short in a frame");
		/* Without input nothing begins: what it asks for then is the
		 * header of a frame that need not come. */
		if (u->in.pos != before || out.pos > 0)
			u->more = more;
	}
	return (ssize_t)out.pos;
}

struct cfs_source cfs_unzstd_source(struct cfs_unzstd *u)
{
	return (struct cfs_source){ read_unzstd, u };
}

struct cfs_zstd {
	struct cfs_sink to;
	ZSTD_CCtx *ctx;
	uint8_t room[ROOM];
};

int cfs_zstd_new(const struct cfs_sink *to, struct cfs_zstd **ret,
		 struct cfs_err *err)
{
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
	int r = cfs_libzstd_load(err);

	if (r < 0)
		return r;
	z = atomic_exchange(&spare_zstd, NULL);
	if (!z)
		z = calloc(1, sizeof(*z));
	if (!z)
		return cfs_no_memory(err);
	z->to = *to;
	/* With libzstd's defaults, since a stream has to be the same bytes as
	 * one that composefs-rs writes. */
	if (!z->ctx)
		z->ctx = ZSTD_createCCtx();
	if (!z->ctx)
		return cfs_no_memory(err);
	*ret = cfs_steal_ptr(&z);
	return 0;
}

void cfs_zstd_free(struct cfs_zstd *z)
{
	if (z && z->ctx) {
		/* Its last frame need not have been ended. */
		ZSTD_CCtx_reset(z->ctx, ZSTD_reset_session_and_parameters);
		z = atomic_exchange(&spare_zstd, z);
	}
	if (!z)
		return;
	if (z->ctx)
		ZSTD_freeCCtx(z->ctx);
	free(z);
}

void cfs_zstd_limit_window(struct cfs_zstd *z, int log)
{
	/* Cannot fail: the frame before was ended. */
	(void)ZSTD_CCtx_setParameter(z->ctx, ZSTD_c_windowLog, log);
}

/* Compresses until all input is taken and, at the end, all output given. */
static int compress(struct cfs_zstd *z, ZSTD_inBuffer *in, ZSTD_EndDirective op,
		    struct cfs_err *err)
{
	for (;;) {
		ZSTD_outBuffer out = { z->room, sizeof(z->room), 0 };
		size_t left = ZSTD_compressStream2(z->ctx, &out, in, op);
		int r;

		if (ZSTD_isError(left))
			return cfs_fail(err, ENOMEM, "zstd: %s",
					ZSTD_getErrorName(left));
		r = cfs_sink_write(&z->to, z->room, out.pos, err);
		if (r < 0)
			return r;
		if (op == ZSTD_e_end ? left == 0 : in->pos == in->size)
			return 0;
	}
}

static int write_zstd(void *ctx, const void *data, size_t len,
		      struct cfs_err *err)
{
	ZSTD_inBuffer in = { data, len, 0 };

	return compress(ctx, &in, ZSTD_e_continue, err);
}

struct cfs_sink cfs_zstd_sink(struct cfs_zstd *z)
{
	return (struct cfs_sink){ write_zstd, z };
}

int cfs_zstd_end(struct cfs_zstd *z, struct cfs_err *err)
{
	/* No input: what libzstd holds, and the end of the frame. */
	ZSTD_inBuffer in = { NULL, 0, 0 };

	return compress(z, &in, ZSTD_e_end, err);
}

/* A new context clears a MiB of tables, which is much for a small stream: hence
 * one for several. */
void cfs_zstd_redirect(struct cfs_zstd *z, const struct cfs_sink *to)
{
	z->to = *to;
}
