/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <zlib.h>

#include "base/library.h"
#include "compress/codec.h"

#define SONAME "libz.so.1"

CFS_LIBRARY_NOTE(SONAME, "gzip", "Layers in gzip", "recommended");

static struct {
	__typeof__(inflate) *inflate;
	__typeof__(inflateEnd) *end;
	__typeof__(inflateInit2_) *init2;
	__typeof__(inflateReset) *reset;
} zlib;

static const char names[] = "inflate\0"
			    "inflateEnd\0"
			    "inflateInit2_\0"
			    "inflateReset\0";

static int load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "zlib (zlib1g)",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &zlib,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}

/* The largest window (15), and only a gzip header (16). */
#define WINDOW_BITS (15 + 16)

static int open_zlib(void **ret, struct cfs_err *err)
{
	z_stream *z;
	int r = load(err);

	if (r < 0)
		return r;
	z = calloc(1, sizeof(*z));
	if (!z ||
	    zlib.init2(z, WINDOW_BITS, ZLIB_VERSION, sizeof(*z)) != Z_OK) {
		free(z);
		return cfs_no_memory(err);
	}
	*ret = z;
	return 0;
}

static enum cfs_codec_result step(void *ctx, struct cfs_codec_io *io)
{
	z_stream *z = ctx;
	int r;

	z->next_in = (uint8_t *)(uintptr_t)io->in;
	z->avail_in = (uInt)io->n_in;
	z->next_out = io->out;
	z->avail_out = (uInt)io->n_out;
	r = zlib.inflate(z, Z_NO_FLUSH);
	io->in = z->next_in;
	io->n_in = z->avail_in;
	io->out = z->next_out;
	io->n_out = z->avail_out;
	if (r == Z_STREAM_END)
		return CFS_CODEC_END;
	/* Z_BUF_ERROR: nothing can be done with what there is. */
	return r == Z_OK || r == Z_BUF_ERROR ? CFS_CODEC_MORE : CFS_CODEC_WRONG;
}

static bool restart(void *ctx)
{
	return zlib.reset(ctx) == Z_OK;
}

static void close_zlib(void *ctx)
{
	(void)zlib.end(ctx);
	free(ctx);
}

const struct cfs_codec cfs_codec_gzip_zlib = {
	.name = "gzip",
	.open = open_zlib,
	.step = step,
	.restart = restart,
	.close = close_zlib,
};
