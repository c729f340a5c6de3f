/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <bzlib.h>
#include <string.h>

#include "base/library.h"
#include "compress/codec.h"

#define SONAME "libbz2.so.1.0"

CFS_LIBRARY_NOTE(SONAME, "bzip2", "Layers in bzip2", "suggested");

static struct {
	__typeof__(BZ2_bzDecompress) *decompress;
	__typeof__(BZ2_bzDecompressEnd) *end;
	__typeof__(BZ2_bzDecompressInit) *init;
} bz2;

static const char names[] = "BZ2_bzDecompress\0"
			    "BZ2_bzDecompressEnd\0"
			    "BZ2_bzDecompressInit\0";

static int load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "libbz2 (libbz2-1.0)",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &bz2,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}

static int open_bzip2(void **ret, struct cfs_err *err)
{
	bz_stream *z;
	int r = load(err);

	if (r < 0)
		return r;
	z = calloc(1, sizeof(*z));
	if (!z || bz2.init(z, 0, 0) != BZ_OK) {
		free(z);
		return cfs_no_memory(err);
	}
	*ret = z;
	return 0;
}

/* The library takes its input as char *, and does not write to it. */
static enum cfs_codec_result step(void *ctx, struct cfs_codec_io *io)
{
	bz_stream *z = ctx;
	int r;

	z->next_in = (char *)(uintptr_t)io->in;
	z->avail_in = (unsigned)io->n_in;
	z->next_out = (char *)io->out;
	z->avail_out = (unsigned)io->n_out;
	r = bz2.decompress(z);
	io->in += io->n_in - z->avail_in;
	io->n_in = z->avail_in;
	io->out += io->n_out - z->avail_out;
	io->n_out = z->avail_out;
	if (r == BZ_STREAM_END)
		return CFS_CODEC_END;
	return r == BZ_OK ? CFS_CODEC_MORE : CFS_CODEC_WRONG;
}

static bool restart(void *ctx)
{
	bz_stream *z = ctx;

	/* bzlib has no reset: the state is made anew. */
	(void)bz2.end(z);
	memset(z, 0, sizeof(*z));
	return bz2.init(z, 0, 0) == BZ_OK;
}

static void close_bzip2(void *ctx)
{
	(void)bz2.end(ctx);
	free(ctx);
}

const struct cfs_codec cfs_codec_bzip2 = {
	.name = "bzip2",
	.open = open_bzip2,
	.step = step,
	.restart = restart,
	.close = close_bzip2,
};
