/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/codec.h"

/* ISA-L does not exist for every architecture. */
#if __has_include(<isa-l/igzip_lib.h>)
#include <isa-l/igzip_lib.h>

#include "base/library.h"

#define SONAME "libisal.so.2"

CFS_LIBRARY_NOTE(SONAME, "gzip-isal", "Layers in gzip, faster than by zlib",
		 "recommended");

static struct {
	__typeof__(isal_inflate) *inflate;
	__typeof__(isal_inflate_init) *init;
	__typeof__(isal_inflate_reset) *reset;
} isal;

static const char names[] = "isal_inflate\0"
			    "isal_inflate_init\0"
			    "isal_inflate_reset\0";

static int load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "ISA-L (libisal2)",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &isal,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}

static int open_isal(void **ret, struct cfs_err *err)
{
	struct inflate_state *state;
	int r = load(err);

	if (r < 0)
		return r;
	state = malloc(sizeof(*state));
	if (!state)
		return cfs_no_memory(err);
	isal.init(state);
	state->crc_flag = ISAL_GZIP;
	*ret = state;
	return 0;
}

static enum cfs_codec_result step(void *ctx, struct cfs_codec_io *io)
{
	struct inflate_state *state = ctx;
	int r;

	state->next_in = (uint8_t *)(uintptr_t)io->in;
	state->avail_in = (uint32_t)io->n_in;
	state->next_out = io->out;
	state->avail_out = (uint32_t)io->n_out;
	r = isal.inflate(state);
	io->in = state->next_in;
	io->n_in = state->avail_in;
	io->out = state->next_out;
	io->n_out = state->avail_out;
	if (r != ISAL_DECOMP_OK)
		return CFS_CODEC_WRONG;
	return state->block_state == ISAL_BLOCK_FINISH ? CFS_CODEC_END
						       : CFS_CODEC_MORE;
}

static bool restart(void *ctx)
{
	struct inflate_state *state = ctx;

	isal.reset(state);
	state->crc_flag = ISAL_GZIP;
	return true;
}

const struct cfs_codec cfs_codec_gzip_isal = {
	.name = "gzip",
	.open = open_isal,
	.step = step,
	.restart = restart,
	.close = free,
};

#else

static int open_nothing(void **ret, struct cfs_err *err)
{
	(void)ret;
	return cfs_fail(err, ELIBACC, "built without ISA-L");
}

const struct cfs_codec cfs_codec_gzip_isal = {
	.name = "gzip",
	.open = open_nothing,
};

#endif
