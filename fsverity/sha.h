/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SHA-2 over many messages of one length at once: what Merkle trees are made
 * of.  Equal lengths let several messages share the lanes of vector units.
 *
 * The way is chosen by what the processor has.  CFS_HASH in the environment
 * chooses another: "openssl" (one at a time through libcrypto, for those who
 * need a validated module), "avx512", "avx2", "sha-ni" or "portable".  Ours
 * are compared with known answers before they are used.
 *
 * Source: FIPS 180-4.
 */
#ifndef CFS_FSVERITY_SHA_H
#define CFS_FSVERITY_SHA_H

#include "fsverity/digest.h"

/* A hasher; one thread at a time may use it. */
struct cfs_sha;

/*
 * Errors: -ENOMEM, -ENOTSUP when CFS_HASH names what this machine has not or
 * the crypto library refuses the algorithm, -EIO when a known answer does not
 * come out.
 */
int cfs_sha_new(enum cfs_alg alg, struct cfs_sha **ret,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_sha_free(struct cfs_sha *sha);
CFS_DEFINE_AUTO(struct cfs_sha, cfs_sha_free);

/* Which way it is: a word that CFS_HASH may have. */
const char *cfs_sha_way(const struct cfs_sha *sha) CFS_NONNULL;

/*
 * Hashes the @n messages @in[0..n), each @len bytes long, and writes their
 * hashes, cfs_alg_size() bytes each, one after another to @out.
 *
 * Best fed with a multiple of CFS_SHA_BATCH messages.
 * Errors: -EIO when the crypto library fails.
 */
#define CFS_SHA_BATCH 16
int cfs_sha_blocks(struct cfs_sha *sha, size_t n, const uint8_t *const *in,
		   size_t len, uint8_t *out,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
