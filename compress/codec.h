/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Decompression by libraries that work alike: bytes in, bytes out, and the end
 * of a member, of which a stream has one or more.  Private to compress/.
 */
#ifndef CFS_COMPRESS_CODEC_H
#define CFS_COMPRESS_CODEC_H

#include <stdbool.h>

#include "base/own.h"
#include "base/source.h"

/* What a step may use: it moves the pointers on and takes from the counts,
 * which are at most 2^30. */
struct cfs_codec_io {
	const uint8_t *in;
	size_t n_in;
	uint8_t *out;
	size_t n_out;
};

enum cfs_codec_result {
	CFS_CODEC_MORE,	 /* wants more of one or the other */
	CFS_CODEC_END,	 /* a member ended; what follows is still in */
	CFS_CODEC_WRONG, /* damaged, or none */
};

struct cfs_codec {
	const char *name; /* "gzip", ... */
	/* Loads the library and begins the first member.  Errors: -ELIBACC,
	 * -ENOMEM. */
	int (*open)(void **ret, struct cfs_err *err);
	enum cfs_codec_result (*step)(void *state, struct cfs_codec_io *io);
	/* Begins another member. */
	bool (*restart)(void *state);
	void (*close)(void *state);
};

/* By ISA-L, several times as fast as zlib; -ELIBACC where it is missing. */
extern const struct cfs_codec cfs_codec_gzip_isal;
extern const struct cfs_codec cfs_codec_gzip_zlib;
extern const struct cfs_codec cfs_codec_xz;
extern const struct cfs_codec cfs_codec_bzip2;

/*
 * A stream of one codec.  All members are read; zeros after the last one are
 * padding, and anything else is an error.
 */
struct cfs_inflate;

/* @from: copied.  Errors: those of open. */
int cfs_inflate_new(const struct cfs_codec *codec,
		    const struct cfs_source *from, struct cfs_inflate **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_inflate_free(struct cfs_inflate *inflate);
CFS_DEFINE_AUTO(struct cfs_inflate, cfs_inflate_free);

/* Errors of reading: -EBADMSG damaged, cut short or followed by something
 * else; those of the source. */
struct cfs_source cfs_inflate_source(struct cfs_inflate *inflate) CFS_NONNULL;

#endif
