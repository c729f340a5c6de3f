/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <lzma.h>

#include "base/library.h"
#include "compress/codec.h"

#define SONAME "liblzma.so.5"

CFS_LIBRARY_NOTE(SONAME, "xz", "Layers in xz", "suggested");

/* Bytes of memory for decompression; files of xz -9 need 65 MiB. */
#define MEMORY_MAX (128u << 20)

static struct {
	__typeof__(lzma_code) *code;
	__typeof__(lzma_end) *end;
	__typeof__(lzma_stream_decoder) *decoder;
} lzma;

static const char names[] = "lzma_code\0"
			    "lzma_end\0"
			    "lzma_stream_decoder\0";

static int load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "liblzma (liblzma5)",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &lzma,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}

/* A check that liblzma does not know is an error too, since nothing else would
 * notice damage.  A decoder in use is begun anew, and keeps its memory. */
static bool restart(void *ctx)
{
	return lzma.decoder(ctx, MEMORY_MAX, LZMA_TELL_UNSUPPORTED_CHECK) ==
	       LZMA_OK;
}

static void close_xz(void *ctx)
{
	lzma.end(ctx);
	free(ctx);
}

static int open_xz(void **ret, struct cfs_err *err)
{
	static const lzma_stream fresh = LZMA_STREAM_INIT;
	lzma_stream *state;
	int r = load(err);

	if (r < 0)
		return r;
	state = malloc(sizeof(*state));
	if (!state)
		return cfs_no_memory(err);
	*state = fresh;
	if (!restart(state)) {
		close_xz(state);
		return cfs_no_memory(err);
	}
	*ret = state;
	return 0;
}

static enum cfs_codec_result step(void *ctx, struct cfs_codec_io *io)
{
	lzma_stream *state = ctx;
	lzma_ret r;

	state->next_in = io->in;
	state->avail_in = io->n_in;
	state->next_out = io->out;
	state->avail_out = io->n_out;
	r = lzma.code(state, LZMA_RUN);
	io->in = state->next_in;
	io->n_in = state->avail_in;
	io->out = state->next_out;
	io->n_out = state->avail_out;
	if (r == LZMA_STREAM_END)
		return CFS_CODEC_END;
	return r == LZMA_OK || r == LZMA_BUF_ERROR ? CFS_CODEC_MORE
						   : CFS_CODEC_WRONG;
}

const struct cfs_codec cfs_codec_xz = {
	.name = "xz",
	.open = open_xz,
	.step = step,
	.restart = restart,
	.close = close_xz,
};
