/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/decompress.h"

#include <string.h>

#include "compress/codec.h"
#include "compress/zstd.h"

#define HEAD_MAX 6 /* bytes of the longest magic */

struct cfs_decompress {
	struct cfs_source from;
	uint8_t head[HEAD_MAX]; /* read already */
	size_t n_head, head_at;
	const char *kind;
	/* One of the two, or none. */
	struct cfs_inflate *inflate;
	struct cfs_unzstd *unzstd;
};

/* The bytes of the head, and then those of the source. */
static ssize_t read_all(void *ctx, void *data, size_t len, struct cfs_err *err)
{
	struct cfs_decompress *d = ctx;
	size_t n = d->n_head - d->head_at;

	if (n == 0)
		return cfs_source_read(&d->from, data, len, err);
	if (n > len)
		n = len;
	memcpy(data, d->head + d->head_at, n);
	d->head_at += n;
	return (ssize_t)n;
}

/*
 * Source: RFC 1952, 2.3.1; RFC 8878, 3.1.1 and 3.1.2 (skippable frames have 16
 * magic numbers); xz file format, 2.1.1.1; bzip2's "BZh".
 */
static const struct {
	const char *kind;
	const struct cfs_codec *codec; /* NULL: zstd */
	uint8_t magic[HEAD_MAX];
	size_t n;
	uint8_t first_mask; /* bits of the first byte that count */
} magics[] = {
	{ "gzip", &cfs_codec_gzip_isal, { 0x1f, 0x8b }, 2, 0xff },
	{ "zstd", NULL, { 0x28, 0xb5, 0x2f, 0xfd }, 4, 0xff },
	{ "zstd", NULL, { 0x50, 0x2a, 0x4d, 0x18 }, 4, 0xf0 },
	{ "xz", &cfs_codec_xz, { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, 0xff },
	{ "bzip2", &cfs_codec_bzip2, { 'B', 'Z', 'h' }, 3, 0xff },
};

static bool begins_with(const struct cfs_decompress *d, size_t i)
{
	return d->n_head >= magics[i].n &&
	       (d->head[0] & magics[i].first_mask) == magics[i].magic[0] &&
	       memcmp(d->head + 1, magics[i].magic + 1, magics[i].n - 1) == 0;
}

static int start_codec(struct cfs_decompress *d, const struct cfs_codec *codec,
		       const struct cfs_source *all, struct cfs_err *err)
{
	int r = cfs_inflate_new(codec, all, &d->inflate, err);

	/* ISA-L is the faster one of the two, but less often installed. */
	if (r == -ELIBACC && codec == &cfs_codec_gzip_isal)
		r = cfs_inflate_new(&cfs_codec_gzip_zlib, all, &d->inflate,
				    err);
	return r;
}

static int start(struct cfs_decompress *d, struct cfs_err *err)
{
	const struct cfs_source all = { read_all, d };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(magics); i++) {
		if (!begins_with(d, i))
			continue;
		d->kind = magics[i].kind;
		return magics[i].codec
			       ? start_codec(d, magics[i].codec, &all, err)
			       : cfs_unzstd_new(&all, &d->unzstd, err);
	}
	d->kind = "none";
	return 0;
}

int cfs_decompress_new(const struct cfs_source *from,
		       struct cfs_decompress **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_decompress_free)
	struct cfs_decompress *d = calloc(1, sizeof(*d));
	ssize_t n;
	int r;

	if (!d)
		return cfs_no_memory(err);
	d->from = *from;
	/* The bytes decide, and no media type or name, which may be wrong; the
	 * source cannot go back, so that they are kept for the decoder. */
	n = cfs_source_full(from, d->head, sizeof(d->head), err);
	if (n < 0)
		return (int)n;
	d->n_head = (size_t)n;
	r = start(d, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&d);
	return 0;
}

void cfs_decompress_free(struct cfs_decompress *d)
{
	if (!d)
		return;
	cfs_inflate_free(d->inflate);
	cfs_unzstd_free(d->unzstd);
	free(d);
}

const char *cfs_decompress_kind(const struct cfs_decompress *d)
{
	return d->kind;
}

struct cfs_source cfs_decompress_source(struct cfs_decompress *d)
{
	if (d->inflate)
		return cfs_inflate_source(d->inflate);
	if (d->unzstd)
		return cfs_unzstd_source(d->unzstd);
	return (struct cfs_source){ read_all, d };
}
