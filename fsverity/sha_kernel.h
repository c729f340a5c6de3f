/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The implementations of SHA-2 for several messages at once.  Each processes
 * one message in each lane of a vector.  Private to fsverity/sha*.c
 * and fsverity/content_hash.c.
 */
#ifndef CFS_FSVERITY_SHA_KERNEL_H
#define CFS_FSVERITY_SHA_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "fsverity/digest.h"

#define CFS_SHA_LANES_MAX 16
#define CFS_SHA256_BLOCK  64
#define CFS_SHA512_BLOCK  128

/* Source: FIPS 180-4. */
extern const uint32_t cfs_sha256_k[64];
extern const uint64_t cfs_sha512_k[80];
extern const uint32_t cfs_sha256_h[8];
extern const uint64_t cfs_sha512_h[8];

struct cfs_sha_kernel {
	const char *name; /* as in $CFS_HASH */
	enum cfs_alg alg;
	unsigned lanes; /* messages that are hashed at once */
	/*
	 * Processes the next @n blocks of each message.  @state: the 8 words of
	 * all lanes, word by word (uint32_t or uint64_t [8][lanes]).
	 */
	void (*compress)(void *state, const uint8_t *const *in, size_t n);
};

/* One message at a time, on any machine. */
extern const struct cfs_sha_kernel cfs_sha256_portable, cfs_sha512_portable;
#ifdef __x86_64__
/* For processors that have the instruction set; the caller checks. */
extern const struct cfs_sha_kernel cfs_sha256_ni, cfs_sha256_ni_2;
extern const struct cfs_sha_kernel cfs_sha256_avx2, cfs_sha512_avx2;
extern const struct cfs_sha_kernel cfs_sha256_avx512, cfs_sha512_avx512;
#endif

#endif
