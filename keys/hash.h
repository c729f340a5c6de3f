/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SHA-2 of a few bytes, for programs without a cryptographic library: the
 * kernel's keyctl_pkey_verify() wants a hash, not what was hashed.  Plain and
 * slow (one block after the other in C); fs-verity digests of files are
 * fsverity/merkle's or the kernel's.
 *
 * Source: FIPS 180-4.
 */
#ifndef CFS_KEYS_HASH_H
#define CFS_KEYS_HASH_H

#include "base/bytes.h"

#define CFS_HASH_MAX 64 /* bytes, sha512 */

/* Values are the hash's length in bits. */
enum cfs_hash {
	CFS_HASH_OTHER = 0, /* one that is not computed here */
	CFS_HASH_SHA256 = 256,
	CFS_HASH_SHA384 = 384,
	CFS_HASH_SHA512 = 512,
};

/* Hashes @data.  Returns the hash's length in bytes. */
size_t cfs_hash(enum cfs_hash hash, struct cfs_bytes data,
		uint8_t ret[static CFS_HASH_MAX]) CFS_NONNULL;

/* "sha256", "sha384" or "sha512". */
const char *cfs_hash_name(enum cfs_hash hash);

#endif
