/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SHA-256 of 16 messages at a time, or SHA-512 of eight, as in sha_avx2.c.
 * AVX-512 rotates, and computes any function of three inputs, in one
 * instruction each.
 */
#include "fsverity/sha_kernel.h"

#ifdef __x86_64__

#include <immintrin.h>

#include "fsverity/sha_rounds.h"

#define TARGET __attribute__((target("avx512f,avx512bw")))

#define W_ADD(a, b) _mm512_add_epi32(a, b)
#define W_SET(k)    _mm512_set1_epi32((int)(k))
#define W_SHR(x, n) _mm512_srli_epi32(x, n)
#define W_ROR(x, n) _mm512_ror_epi32(x, n)
/* The constants are the truth tables of the functions of three inputs. */
#define W_XOR3(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0x96)
#define W_CH(e, f, g)	_mm512_ternarylogic_epi32(e, f, g, 0xca)
#define W_MAJ(a, b, c)	_mm512_ternarylogic_epi32(a, b, c, 0xe8)

#define D_ADD(a, b)	_mm512_add_epi64(a, b)
#define D_SET(k)	_mm512_set1_epi64((long long)(k))
#define D_SHR(x, n)	_mm512_srli_epi64(x, n)
#define D_ROR(x, n)	_mm512_ror_epi64(x, n)
#define D_XOR3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0x96)
#define D_CH(e, f, g)	_mm512_ternarylogic_epi64(e, f, g, 0xca)
#define D_MAJ(a, b, c)	_mm512_ternarylogic_epi64(a, b, c, 0xe8)

/* Transposes 16 vectors, each with 16 words of one message, into vectors that
 * hold the same word of all messages: first inside squares of 4 by 4 words,
 * then the squares. */
TARGET static inline void transpose_32(__m512i w[16])
{
	__m512i t[16], u[16];

	CFS_UNROLL
	for (int i = 0; i < 16; i += 4) {
		t[i] = _mm512_unpacklo_epi32(w[i], w[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(w[i], w[i + 1]);
		t[i + 2] = _mm512_unpacklo_epi32(w[i + 2], w[i + 3]);
		t[i + 3] = _mm512_unpackhi_epi32(w[i + 2], w[i + 3]);
		u[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		u[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		u[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		u[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	CFS_UNROLL
	for (int i = 0; i < 4; i++) {
		__m512i a = _mm512_shuffle_i32x4(u[i], u[i + 4], 0x88);
		__m512i b = _mm512_shuffle_i32x4(u[i], u[i + 4], 0xdd);
		__m512i c = _mm512_shuffle_i32x4(u[i + 8], u[i + 12], 0x88);
		__m512i d = _mm512_shuffle_i32x4(u[i + 8], u[i + 12], 0xdd);

		w[i] = _mm512_shuffle_i32x4(a, c, 0x88);
		w[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
		w[i + 8] = _mm512_shuffle_i32x4(a, c, 0xdd);
		w[i + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
	}
}

/* Transposes eight vectors, each with eight 64-bit words of one message. */
TARGET static inline void transpose_64(__m512i w[8])
{
	__m512i t[8];

	CFS_UNROLL
	for (int i = 0; i < 8; i += 2) {
		t[i] = _mm512_unpacklo_epi64(w[i], w[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi64(w[i], w[i + 1]);
	}
	CFS_UNROLL
	for (int i = 0; i < 2; i++) {
		__m512i a = _mm512_shuffle_i64x2(t[i], t[i + 2], 0x88);
		__m512i b = _mm512_shuffle_i64x2(t[i], t[i + 2], 0xdd);
		__m512i c = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0x88);
		__m512i d = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0xdd);

		w[i] = _mm512_shuffle_i64x2(a, c, 0x88);
		w[i + 2] = _mm512_shuffle_i64x2(b, d, 0x88);
		w[i + 4] = _mm512_shuffle_i64x2(a, c, 0xdd);
		w[i + 6] = _mm512_shuffle_i64x2(b, d, 0xdd);
	}
}

TARGET static void compress_256(void *state, const uint8_t *const *in, size_t n)
{
	/* The words of messages are big-endian. */
	const __m512i swap = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b,
					       0x04050607, 0x00010203);
	__m512i s[8], v[8], w[16];

	CFS_UNROLL
	for (int i = 0; i < 8; i++)
		s[i] = _mm512_loadu_si512((const uint32_t *)state + 16 * i);
	for (size_t at = 0; at < n * CFS_SHA256_BLOCK; at += CFS_SHA256_BLOCK) {
		CFS_UNROLL
		for (int i = 0; i < 16; i++)
			w[i] = _mm512_loadu_si512(in[i] + at);
		transpose_32(w);
		CFS_UNROLL
		for (int i = 0; i < 16; i++)
			w[i] = _mm512_shuffle_epi8(w[i], swap);
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
		_mm512_storeu_si512((uint32_t *)state + 16 * i, s[i]);
}

TARGET static void compress_512(void *state, const uint8_t *const *in, size_t n)
{
	const __m512i swap = _mm512_set4_epi32(0x08090a0b, 0x0c0d0e0f,
					       0x00010203, 0x04050607);
	__m512i s[8], v[8], w[16];

	CFS_UNROLL
	for (int i = 0; i < 8; i++)
		s[i] = _mm512_loadu_si512((const uint64_t *)state + 8 * i);
	for (size_t at = 0; at < n * CFS_SHA512_BLOCK; at += CFS_SHA512_BLOCK) {
		CFS_UNROLL
		for (int i = 0; i < 8; i++) {
			w[i] = _mm512_loadu_si512(in[i] + at);
			w[i + 8] = _mm512_loadu_si512(in[i] + at + 64);
		}
		transpose_64(w);
		transpose_64(w + 8);
		CFS_UNROLL
		for (int i = 0; i < 16; i++)
			w[i] = _mm512_shuffle_epi8(w[i], swap);
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
		_mm512_storeu_si512((uint64_t *)state + 8 * i, s[i]);
}

const struct cfs_sha_kernel cfs_sha256_avx512 = {
	.name = "avx512",
	.alg = CFS_ALG_SHA256,
	.lanes = 16,
	.compress = compress_256,
};

const struct cfs_sha_kernel cfs_sha512_avx512 = {
	.name = "avx512",
	.alg = CFS_ALG_SHA512,
	.lanes = 8,
	.compress = compress_512,
};

#endif
