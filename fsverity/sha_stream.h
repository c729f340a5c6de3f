/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SHA-256 of one stream of bytes by a kernel of ours.  Private to
 * fsverity/content_hash.c.  Source: FIPS 180-4.
 */
#ifndef CFS_FSVERITY_SHA_STREAM_H
#define CFS_FSVERITY_SHA_STREAM_H

#include "base/bytes.h"
#include "fsverity/sha_kernel.h"

struct cfs_sha_stream {
	const struct cfs_sha_kernel *kernel; /* for one message */
	uint32_t state[8];
	uint64_t fed;			 /* bytes */
	uint8_t block[CFS_SHA256_BLOCK]; /* the beginning of one */
	struct cfs_bytes waiting; /* borrowed: whole blocks to hash yet */
};

/* Begins.  @kernel takes one message at a time and is one of SHA-256. */
void cfs_sha_stream_init(struct cfs_sha_stream *s,
			 const struct cfs_sha_kernel *kernel) CFS_NONNULL;

void cfs_sha_stream_update(struct cfs_sha_stream *s,
			   struct cfs_bytes data) CFS_NONNULL;

/* Does the same later, in the next call for @s or beside another stream: until
 * then @data stays as it is. */
void cfs_sha_stream_defer(struct cfs_sha_stream *s,
			  struct cfs_bytes data) CFS_NONNULL;

/* Hashes what waits. */
void cfs_sha_stream_catch_up(struct cfs_sha_stream *s) CFS_NONNULL;

/* Updates @s with @data, and meanwhile @other with as much of what waits there.
 * @two: a kernel of SHA-256 for two messages. */
void cfs_sha_stream_update_beside(struct cfs_sha_stream *s,
				  struct cfs_bytes data,
				  struct cfs_sha_stream *other,
				  const struct cfs_sha_kernel *two) CFS_NONNULL;

/* Ends it and writes the hash. */
void cfs_sha_stream_final(struct cfs_sha_stream *s,
			  uint8_t ret[static 32]) CFS_NONNULL;

#endif
