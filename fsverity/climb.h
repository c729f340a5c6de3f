/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Climbing a Merkle tree: from the hashes on one level to those on the next,
 * and so on to the root.
 *
 * A level consists of the hashes of all blocks of the level below, one after
 * another, cut into blocks of 4096 bytes; the last one is padded with zeros.
 * Blocks, also those of several trees, are gathered until they fill the lanes
 * of cfs_sha_blocks().
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
	size_t n;	     /* number of gathered blocks */
	uint8_t *out[CFS_SHA_BATCH];
	uint8_t blocks[CFS_SHA_BATCH][CFS_VERITY_BLOCK];
};

/* Returns the number of blocks that @len bytes occupy, counting a partial last
 * one. */
static inline uint64_t cfs_verity_blocks(uint64_t len)
{
	return len / CFS_VERITY_BLOCK + (len % CFS_VERITY_BLOCK != 0);
}

/* Initialises @climb, whose memory need not be zeroed.  @sha must outlive
 * it. */
void cfs_climb_init(struct cfs_climb *climb, enum cfs_alg alg,
		    struct cfs_sha *sha) CFS_NONNULL;

/*
 * Climbs one level: hashes the blocks formed by the @n hashes at @hashes,
 * writes the results to @out, which may be @hashes itself, and sets *@ret to
 * their number.  The results are complete only after cfs_climb_flush(); until
 * then levels of other trees may be added.
 * Errors: see cfs_sha_blocks().
 */
int cfs_climb_level(struct cfs_climb *climb, const uint8_t *hashes, uint64_t n,
		    uint8_t *out, uint64_t *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_climb_flush(struct cfs_climb *climb,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Climbs to the root in place: afterwards the root hash is the first of the @n
 * (at least one) hashes at @hashes.  Errors: see cfs_sha_blocks(). */
int cfs_climb_root(struct cfs_climb *climb, uint8_t *hashes, uint64_t n,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
