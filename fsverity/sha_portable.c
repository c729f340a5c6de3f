/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One message at a time, in C, for processors without any of the instructions
 * that the other kernels use, and as what those are compared with. */
#include <string.h>

#include "fsverity/sha_kernel.h"
#include "fsverity/sha_rounds.h"

#define N_ADD(a, b)	((a) + (b))
#define N_SET(k)	(k)
#define N_SHR(x, n)	((x) >> (n))
#define N_XOR3(a, b, c) ((a) ^ (b) ^ (c))
/* With an operation less than FIPS 180-4, 4.1 has for each. */
#define N_CH(e, f, g)  (((e) & ((f) ^ (g))) ^ (g))
#define N_MAJ(a, b, c) (((a) & (b)) | ((c) & ((a) | (b))))
#define N_ROR(x, n)    ((x) >> (n) | (x) << (8 * sizeof(x) - (n)))

static void compress_256(void *state, const uint8_t *const *in, size_t n)
{
	const uint8_t *p = in[0];
	uint32_t *s = state, v[8], w[16];

	for (; n > 0; n--, p += CFS_SHA256_BLOCK) {
		memcpy(v, s, sizeof(v));
		/* Words are big-endian. Of this, compilers make a load and a
		 * swap of bytes. */
		CFS_UNROLL
		for (size_t i = 0; i < 16; i++)
			w[i] = (uint32_t)p[4 * i] << 24 |
			       (uint32_t)p[4 * i + 1] << 16 |
			       (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
		CFS_SHA_ROUNDS(N, SHA256, 64);
		CFS_UNROLL
		for (size_t i = 0; i < 8; i++)
			s[i] += v[i];
	}
}

static void compress_512(void *state, const uint8_t *const *in, size_t n)
{
	const uint8_t *p = in[0];
	uint64_t *s = state, v[8], w[16];

	for (; n > 0; n--, p += CFS_SHA512_BLOCK) {
		memcpy(v, s, sizeof(v));
		CFS_UNROLL
		for (size_t i = 0; i < 16; i++) {
			w[i] = 0;
			CFS_UNROLL
			for (size_t k = 0; k < 8; k++)
				w[i] = w[i] << 8 | p[8 * i + k];
		}
		CFS_SHA_ROUNDS(N, SHA512, 80);
		CFS_UNROLL
		for (size_t i = 0; i < 8; i++)
			s[i] += v[i];
	}
}

const struct cfs_sha_kernel cfs_sha256_portable = {
	.name = "portable",
	.alg = CFS_ALG_SHA256,
	.lanes = 1,
	.compress = compress_256,
};

const struct cfs_sha_kernel cfs_sha512_portable = {
	.name = "portable",
	.alg = CFS_ALG_SHA512,
	.lanes = 1,
	.compress = compress_512,
};
