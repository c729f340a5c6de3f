/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SHA-256 of eight messages at a time, or SHA-512 of four: every lane of a
 * vector belongs to one message.  The rounds of one message depend on each
 * other, those of different messages do not.
 */
#include "fsverity/sha_kernel.h"

#ifdef __x86_64__

#include <immintrin.h>

#include "fsverity/sha_rounds.h"

#define TARGET __attribute__((target("avx2")))

#define XOR3(a, b, c) _mm256_xor_si256(a, _mm256_xor_si256(b, c))
#define CH(e, f, g) \
	_mm256_xor_si256(g, _mm256_and_si256(e, _mm256_xor_si256(f, g)))
#define MAJ(a, b, c)                            \
	_mm256_or_si256(_mm256_and_si256(a, b), \
			_mm256_and_si256(c, _mm256_or_si256(a, b)))

#define W_ADD(a, b) _mm256_add_epi32(a, b)
#define W_SET(k)    _mm256_set1_epi32((int)(k))
#define W_SHR(x, n) _mm256_srli_epi32(x, n)
#define W_ROR(x, n) \
	_mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define W_XOR3(a, b, c) XOR3(a, b, c)
#define W_CH(e, f, g)	CH(e, f, g)
#define W_MAJ(a, b, c)	MAJ(a, b, c)

#define D_ADD(a, b) _mm256_add_epi64(a, b)
#define D_SET(k)    _mm256_set1_epi64x((long long)(k))
#define D_SHR(x, n) _mm256_srli_epi64(x, n)
#define D_ROR(x, n) \
	_mm256_or_si256(_mm256_srli_epi64(x, n), _mm256_slli_epi64(x, 64 - (n)))
#define D_XOR3(a, b, c) XOR3(a, b, c)
#define D_CH(e, f, g)	CH(e, f, g)
#define D_MAJ(a, b, c)	MAJ(a, b, c)

/* Transposes eight vectors, each with eight words of one message, into eight
 * vectors that hold the same word of all messages. */
TARGET static inline void transpose_32(__m256i w[8])
{
	__m256i t[8], u[8];

	CFS_UNROLL
	for (int i = 0; i < 8; i += 4) {
		t[i] = _mm256_unpacklo_epi32(w[i], w[i + 1]);
		t[i + 1] = _mm256_unpackhi_epi32(w[i], w[i + 1]);
		t[i + 2] = _mm256_unpacklo_epi32(w[i + 2], w[i + 3]);
		t[i + 3] = _mm256_unpackhi_epi32(w[i + 2], w[i + 3]);
		u[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
		u[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
		u[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
		u[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	CFS_UNROLL
	for (int i = 0; i < 4; i++) {
		w[i] = _mm256_permute2x128_si256(u[i], u[i + 4], 0x20);
		w[i + 4] = _mm256_permute2x128_si256(u[i], u[i + 4], 0x31);
	}
}

/* Transposes four vectors, each with four 64-bit words of one message. */
TARGET static inline void transpose_64(__m256i w[4])
{
	__m256i a = _mm256_unpacklo_epi64(w[0], w[1]);
	__m256i b = _mm256_unpackhi_epi64(w[0], w[1]);
	__m256i c = _mm256_unpacklo_epi64(w[2], w[3]);
	__m256i d = _mm256_unpackhi_epi64(w[2], w[3]);

	w[0] = _mm256_permute2x128_si256(a, c, 0x20);
	w[1] = _mm256_permute2x128_si256(b, d, 0x20);
	w[2] = _mm256_permute2x128_si256(a, c, 0x31);
	w[3] = _mm256_permute2x128_si256(b, d, 0x31);
}

TARGET static inline __m256i load(const void *p)
{
	return _mm256_loadu_si256(p);
}

/* @state: word 0 of all messages, then word 1, ..., so that a vector is loaded
 * at once. */
TARGET static void compress_256(void *state, const uint8_t *const *in, size_t n)
{
	/* The words of messages are big-endian. */
	const __m256i swap = _mm256_set_epi32(
		0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203, 0x0c0d0e0f,
		0x08090a0b, 0x04050607, 0x00010203);
	uint32_t *words = state;
	__m256i s[8], v[8], w[16];

	CFS_UNROLL
	for (int i = 0; i < 8; i++)
		s[i] = load(words + 8 * i);
	for (size_t at = 0; at < n * CFS_SHA256_BLOCK; at += CFS_SHA256_BLOCK) {
		CFS_UNROLL
		for (int i = 0; i < 8; i++) {
			w[i] = load(in[i] + at);
			w[i + 8] = load(in[i] + at + 32);
		}
		transpose_32(w);
		transpose_32(w + 8);
		CFS_UNROLL
		for (int i = 0; i < 16; i++)
			w[i] = _mm256_shuffle_epi8(w[i], swap);
		CFS_UNROLL
		for (int i = 0; i < 8; i++)
			v[i] = s[i];
		CFS_SHA_ROUNDS(W, SHA256, 64);
		CFS_UNROLL
		for (int i = 0; i < 8; i++)
			s[i] = W_ADD(s[i], v[i]);
	}
	CFS_UNROLL
	for (int i = 0; i < 8; i++)
		_mm256_storeu_si256((void *)(words + 8 * i), s[i]);
}

TARGET static void compress_512(void *state, const uint8_t *const *in, size_t n)
{
	const __m256i swap = _mm256_set_epi32(
		0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607, 0x08090a0b,
		0x0c0d0e0f, 0x00010203, 0x04050607);
	uint64_t *words = state;
	__m256i s[8], v[8], w[16];

	CFS_UNROLL
	for (int i = 0; i < 8; i++)
		s[i] = load(words + 4 * i);
	for (size_t at = 0; at < n * CFS_SHA512_BLOCK; at += CFS_SHA512_BLOCK) {
		CFS_UNROLL
		for (int i = 0; i < 16; i += 4) {
			CFS_UNROLL
			for (int k = 0; k < 4; k++)
				w[i + k] = load(in[k] + at + 8 * i);
			transpose_64(w + i);
		}
		CFS_UNROLL
		for (int i = 0; i < 16; i++)
			w[i] = _mm256_shuffle_epi8(w[i], swap);
		CFS_UNROLL
		for (int i = 0; i < 8; i++)
			v[i] = s[i];
		CFS_SHA_ROUNDS(D, SHA512, 80);
		CFS_UNROLL
		for (int i = 0; i < 8; i++)
			s[i] = D_ADD(s[i], v[i]);
	}
	CFS_UNROLL
	for (int i = 0; i < 8; i++)
		_mm256_storeu_si256((void *)(words + 4 * i), s[i]);
}

const struct cfs_sha_kernel cfs_sha256_avx2 = {
	.name = "avx2",
	.alg = CFS_ALG_SHA256,
	.lanes = 8,
	.compress = compress_256,
};

const struct cfs_sha_kernel cfs_sha512_avx2 = {
	.name = "avx2",
	.alg = CFS_ALG_SHA512,
	.lanes = 4,
	.compress = compress_512,
};

#endif
