/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fs-verity digests computed here, without the kernel: version 1, 4096-byte
 * blocks, no salt.  The digest is the hash of a 256-byte descriptor that
 * holds the file's size and the root of a Merkle tree over its blocks.
 *
 * Source: Documentation/filesystems/fsverity.rst, "Merkle tree" and
 * "fs-verity descriptor".
 */
#ifndef CFS_FSVERITY_MERKLE_H
#define CFS_FSVERITY_MERKLE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "fsverity/climb.h"
#include "fsverity/digest.h"

#define CFS_VERITY_DESCRIPTOR_SIZE 256

/* The descriptor of a file of @size bytes whose tree has the root hash @root
 * (all zero for an empty file), sig_size 0. */
void cfs_verity_descriptor(enum cfs_alg alg, uint64_t size, const uint8_t *root,
			   uint8_t ret[static CFS_VERITY_DESCRIPTOR_SIZE])
	CFS_NONNULL;

/* A digest in progress, fed front to back. */
struct cfs_merkle;

/* Starts one.  Errors: -ENOMEM. */
int cfs_merkle_new(enum cfs_alg alg, struct cfs_merkle **ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_merkle_free(struct cfs_merkle *m);
CFS_DEFINE_AUTO(struct cfs_merkle, cfs_merkle_free);

/*
 * Also keeps the tree as the kernel stores it (all levels, root level first,
 * each level padded to a block) for cfs_merkle_tree().  To be called before
 * the first update.  Costs 1/127 (sha256) or 1/63 (sha512) of the size.
 */
void cfs_merkle_keep_tree(struct cfs_merkle *m) CFS_NONNULL;

/* Feeds the next @data.  Errors: -ENOMEM, -EFBIG past 2^63 bytes. */
int cfs_merkle_update(struct cfs_merkle *m, struct cfs_bytes data,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends it: *@ret is the digest, *@ret_size (may be NULL) the bytes fed. */
int cfs_merkle_final(struct cfs_merkle *m, struct cfs_digest *ret,
		     uint64_t *ret_size, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* After final: the 256-byte descriptor, sig_size 0. */
void cfs_merkle_descriptor(const struct cfs_merkle *m,
			   uint8_t ret[static CFS_VERITY_DESCRIPTOR_SIZE])
	CFS_NONNULL;

/* After final, with keep_tree: appends the tree to @out (nothing for files of
 * at most one block).  Errors: -ENOMEM. */
int cfs_merkle_tree(const struct cfs_merkle *m, struct cfs_buf *out,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Digest of bytes in memory. */
int cfs_verity_digest_bytes(enum cfs_alg alg, struct cfs_bytes data,
			    struct cfs_digest *ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Digest of the file @fd from its position to its end; *@ret_size (may be
 * NULL): its bytes.  Errors: read's, worded. */
int cfs_verity_digest_fd(enum cfs_alg alg, int fd, struct cfs_digest *ret,
			 uint64_t *ret_size, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5)));

#endif
