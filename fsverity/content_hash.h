/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SHA-256 or SHA-512 of one stream of bytes: the content digests of OCI, not
 * those of fs-verity (fsverity/digest.h).
 *
 * SHA-256 is computed here where the processor has instructions for it, which
 * is as fast as libcrypto and saves loading it, and where there is no
 * libcrypto; otherwise libcrypto hashes.  CFS_HASH in the environment chooses
 * as it does in fsverity/sha.h.
 */
#ifndef CFS_FSVERITY_CONTENT_HASH_H
#define CFS_FSVERITY_CONTENT_HASH_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"
#include "base/source.h"

#define CFS_CONTENT_MAX 64 /* bytes of the longest */

enum cfs_content_hash_alg {
	CFS_CONTENT_SHA256,
	CFS_CONTENT_SHA512,
};

/* Length in bytes, and the name, "sha256" or "sha512". */
size_t cfs_content_hash_size(enum cfs_content_hash_alg alg);
const char *cfs_content_hash_name(enum cfs_content_hash_alg alg);

/* A hash in progress. */
struct cfs_content_hash;

/* Errors: -ENOMEM; those of cfs_sha_new(); for SHA-512 -ELIBACC there is no
 * libcrypto; -ENOTSUP it does not offer the algorithm. */
int cfs_content_hash_new(enum cfs_content_hash_alg alg,
			 struct cfs_content_hash **ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_content_hash_free(struct cfs_content_hash *hash);
CFS_DEFINE_AUTO(struct cfs_content_hash, cfs_content_hash_free);

/*
 * Has both hashed side by side, if that is faster here: @second is fed with
 * what is made of the bytes that @first was fed with just before, as an
 * archive is made of a blob.  From here on, the bytes that @first is fed with
 * stay as they are until it is fed again, read from or ended, and @first is
 * not freed while @second is fed.
 */
void cfs_content_hash_pair(struct cfs_content_hash *first,
			   struct cfs_content_hash *second) CFS_NONNULL;

/* Feeds @data.  Errors: -EIO libcrypto failed. */
int cfs_content_hash_update(struct cfs_content_hash *hash,
			    struct cfs_bytes data,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends it; *@ret gets cfs_content_hash_size() bytes.  Only free may follow. */
int cfs_content_hash_final(struct cfs_content_hash *hash,
			   uint8_t ret[static CFS_CONTENT_MAX],
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Bytes fed so far. */
uint64_t cfs_content_hash_fed(const struct cfs_content_hash *hash) CFS_NONNULL;

/* What is read from @from, a borrowed source, as a source that also feeds
 * @hash with it. */
struct cfs_source cfs_content_hash_source(struct cfs_content_hash *hash,
					  const struct cfs_source *from)
	CFS_NONNULL;

/* The hash of bytes in memory. */
int cfs_content_hash_bytes(enum cfs_content_hash_alg alg, struct cfs_bytes data,
			   uint8_t ret[static CFS_CONTENT_MAX],
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
