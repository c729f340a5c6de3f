/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SHA-2 of many messages of equal length at once, as Merkle trees need it.
 * Because the lengths are equal, several messages can share the lanes of a
 * vector unit.
 *
 * The implementation is chosen by the features of the processor.  CFS_HASH in
 * the environment chooses another: "openssl" (libcrypto, one message at a time,
 * for users who need a validated module), "avx512", "avx2", "sha-ni" or
 * "portable".  Where the processor has no vector unit for it, libcrypto hashes,
 * but "portable" does if it is not installed or a process has only a few bytes
 * to hash.  Our own are checked against known answers before they are used.
 *
 * Source: FIPS 180-4.
 */
#ifndef CFS_FSVERITY_SHA_H
#define CFS_FSVERITY_SHA_H

#include "base/own.h"
#include "fsverity/digest.h"

/* Bytes that the portable code has hashed by the time that libcrypto is loaded,
 * which takes milliseconds: for less it is not loaded. */
#define CFS_SHA_SMALL (256u << 10)

/* A hasher.  Only one thread at a time may use it. */
struct cfs_sha;

/*
 * Creates a hasher, to be freed by cfs_sha_free().
 * Errors: -ENOMEM, -ENOTSUP if CFS_HASH names an implementation that this
 * machine does not support or libcrypto refuses the algorithm, -EIO if a known
 * answer is wrong; if CFS_HASH is "openssl" those of cfs_libcrypto_load().
 */
int cfs_sha_new(enum cfs_alg alg, struct cfs_sha **ret,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_sha_free(struct cfs_sha *sha);
CFS_DEFINE_AUTO(struct cfs_sha, cfs_sha_free);

/* Returns the name of the implementation, as CFS_HASH has it. */
const char *cfs_sha_way(const struct cfs_sha *sha) CFS_NONNULL;

/* Returns the implementation for @lanes messages at once (sha_kernel.h), or
 * NULL if there is none, as when libcrypto hashes. */
struct cfs_sha_kernel;
const struct cfs_sha_kernel *cfs_sha_kernel(const struct cfs_sha *sha,
					    unsigned lanes) CFS_NONNULL;

/*
 * Hashes the @n messages @in[0..n), each @len bytes long, and writes their
 * hashes, cfs_alg_size() bytes each, one after another to @out.  Most efficient
 * if @n is a multiple of CFS_SHA_BATCH.
 * Errors: -EIO if libcrypto fails.
 */
#define CFS_SHA_BATCH 16
int cfs_sha_blocks(struct cfs_sha *sha, size_t n, const uint8_t *const *in,
		   size_t len, uint8_t *out,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
