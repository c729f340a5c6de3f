/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha_constants.h"
#include "fsverity/sha_kernel.h"

/* SHA-256 has the upper halves of the numbers of SHA-512: both are the first
 * bits of the same roots. */
#define WHOLE(value) value,
#define UPPER(value) (uint32_t)(UINT64_C(value) >> 32),

const uint32_t cfs_sha256_k[64] = { CFS_SHA_K_FIRST_64(UPPER) };
const uint64_t cfs_sha512_k[80] = { CFS_SHA_K_FIRST_64(WHOLE)
					    CFS_SHA_K_LAST_16(WHOLE) };
const uint32_t cfs_sha256_h[8] = { CFS_SHA_H(UPPER) };
const uint64_t cfs_sha512_h[8] = { CFS_SHA_H(WHOLE) };
