/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Up a Merkle tree: from the hashes of one level's blocks to those of the
 * next, and so on to the root.
 *
 * A level is the hashes of the blocks below, one after another, cut into
 * blocks of 4096 bytes of which the last is padded with zeros.  Blocks of
 * several trees are gathered until they fill the lanes of cfs_sha_blocks().
 *
 * Source: Documentation/filesystems/fsverity.rst, "Merkle tree".
 */
#ifndef CFS_FSVERITY_CLIMB_H
#define CFS_FSVERITY_CLIMB_H

#include "fsverity/digest.h"
#include "fsverity/sha.h"

#define CFS_VERITY_BLOCK 4096

struct cfs_climb {
	enum cfs_alg alg;
	struct cfs_sha *sha; /* borrowed */
	size_t n;	     /* blocks gathered */
	uint8_t *out[CFS_SHA_BATCH];
	uint8_t blocks[CFS_SHA_BATCH][CFS_VERITY_BLOCK];
};

/* The blocks that @len bytes fill, the last one perhaps in part. */
static inline uint64_t cfs_verity_blocks(uint64_t len)
{
	return len / CFS_VERITY_BLOCK + (len % CFS_VERITY_BLOCK != 0);
}

/* Begins to use @climb, whose memory need not be initialised. */
void cfs_climb_init(struct cfs_climb *climb, enum cfs_alg alg,
		    struct cfs_sha *sha) CFS_NONNULL;

/*
 * Goes up one level: from the @n hashes at @hashes to those of the blocks that
 * they fill, at @out, which may be @hashes itself.  *@ret is their number.
 * They are complete only after cfs_climb_flush(), and until then the levels
 * of other trees may be added.
 * Errors: of cfs_sha_blocks().
 */
int cfs_climb_level(struct cfs_climb *climb, const uint8_t *hashes, uint64_t n,
		    uint8_t *out, uint64_t *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_climb_flush(struct cfs_climb *climb,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* All the way up, in place: the first of the @n hashes (at least one) at
 * @hashes becomes the root. */
int cfs_climb_root(struct cfs_climb *climb, uint8_t *hashes, uint64_t n,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
