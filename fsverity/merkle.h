/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fs-verity digests computed in user space: version 1, 4096-byte blocks, no
 * salt.  The digest is the hash of a 256-byte descriptor, which contains the
 * file's size and the root hash of a Merkle tree over its blocks.
 *
 * Source: Documentation/filesystems/fsverity.rst, "Merkle tree" and
 * "fs-verity descriptor".
 */
#ifndef CFS_FSVERITY_MERKLE_H
#define CFS_FSVERITY_MERKLE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/own.h"
#include "base/sink.h"
#include "fsverity/climb.h"
#include "fsverity/digest.h"

#define CFS_VERITY_DESCRIPTOR_SIZE 256

/* Writes the descriptor of a file of @size bytes whose Merkle tree has the root
 * hash @root (all zero for an empty file).  Its sig_size is 0. */
void cfs_verity_descriptor(enum cfs_alg alg, uint64_t size, const uint8_t *root,
			   uint8_t ret[static CFS_VERITY_DESCRIPTOR_SIZE])
	CFS_NONNULL;

/* A digest in progress, which is given the file from its start to its end. */
struct cfs_merkle;

/* Starts a digest, to be freed by cfs_merkle_free().  Errors: -ENOMEM, those of
 * cfs_sha_new(). */
int cfs_merkle_new(enum cfs_alg alg, struct cfs_merkle **ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_merkle_free(struct cfs_merkle *m);
CFS_DEFINE_AUTO(struct cfs_merkle, cfs_merkle_free);

/*
 * Keeps the Merkle tree for cfs_merkle_tree().  Must be called before the first
 * update.  Costs memory of 1/127 (sha256) or 1/63 (sha512) of the file's size.
 */
void cfs_merkle_keep_tree(struct cfs_merkle *m) CFS_NONNULL;

/* Adds the next bytes of the file.  Errors: -ENOMEM, -EFBIG beyond 2^63 bytes,
 * those of cfs_sha_blocks(). */
int cfs_merkle_update(struct cfs_merkle *m, struct cfs_bytes data,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns a sink for the next bytes of the file.  Its errors: see
 * cfs_merkle_update(). */
struct cfs_sink cfs_merkle_sink(struct cfs_merkle *m) CFS_NONNULL;

/* Ends the digest.  Sets *@ret to it and *@ret_size (may be NULL) to the number
 * of bytes added.  Errors: see cfs_merkle_update(). */
int cfs_merkle_final(struct cfs_merkle *m, struct cfs_digest *ret,
		     uint64_t *ret_size, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* After cfs_merkle_final(): writes the descriptor, with sig_size 0. */
void cfs_merkle_descriptor(const struct cfs_merkle *m,
			   uint8_t ret[static CFS_VERITY_DESCRIPTOR_SIZE])
	CFS_NONNULL;

/* After cfs_merkle_keep_tree() and cfs_merkle_final(): appends the tree to @out
 * as the kernel stores it, all levels, the root's first, each padded to a whole
 * block.  A file of at most one block has none.  Errors: -ENOMEM. */
int cfs_merkle_tree(const struct cfs_merkle *m, struct cfs_buf *out,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Computes the digest of a file with the contents @data.  Errors: -ENOMEM,
 * those of cfs_sha_new(). */
int cfs_verity_digest_bytes(enum cfs_alg alg, struct cfs_bytes data,
			    struct cfs_digest *ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Computes the digest of what @fd gives from its position to its end, and sets
 * *@ret_size (may be NULL) to the number of bytes.
 * Errors: those of read(2), -ENOMEM, those of cfs_sha_new(). */
int cfs_verity_digest_fd(enum cfs_alg alg, int fd, struct cfs_digest *ret,
			 uint64_t *ret_size, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5)));

#endif
