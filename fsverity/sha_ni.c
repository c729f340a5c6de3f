/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* SHA-256 by the SHA instructions of Intel and AMD, two of which do four
 * rounds. Hashing two messages side by side hides their latency.
 * Source: Intel SDM, SHA256RNDS2, SHA256MSG1, SHA256MSG2. */
#include "fsverity/sha_kernel.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <sys/platform/x86.h>

#include "fsverity/sha_rounds.h"

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))
#define LANES  2

/* The state as the instructions expect it: words a b e f and c d g h. */
struct halves {
	__m128i abef, cdgh;
};

TARGET static inline struct halves load_state(const uint32_t *state,
					      unsigned lanes, unsigned lane)
{
	const uint32_t *s = state + lane;
	struct halves h;

	h.abef = _mm_set_epi32((int)s[0], (int)s[lanes], (int)s[4 * lanes],
			       (int)s[5 * lanes]);
	h.cdgh = _mm_set_epi32((int)s[2 * lanes], (int)s[3 * lanes],
			       (int)s[6 * lanes], (int)s[7 * lanes]);
	return h;
}

TARGET static inline void store_state(struct halves h, uint32_t *state,
				      unsigned lanes, unsigned lane)
{
	uint32_t *s = state + lane;

	s[0] = (uint32_t)_mm_extract_epi32(h.abef, 3);
	s[lanes] = (uint32_t)_mm_extract_epi32(h.abef, 2);
	s[4 * lanes] = (uint32_t)_mm_extract_epi32(h.abef, 1);
	s[5 * lanes] = (uint32_t)_mm_extract_epi32(h.abef, 0);
	s[2 * lanes] = (uint32_t)_mm_extract_epi32(h.cdgh, 3);
	s[3 * lanes] = (uint32_t)_mm_extract_epi32(h.cdgh, 2);
	s[6 * lanes] = (uint32_t)_mm_extract_epi32(h.cdgh, 1);
	s[7 * lanes] = (uint32_t)_mm_extract_epi32(h.cdgh, 0);
}

/* Does rounds @round to @round + 3.  Each of the two instructions takes two
 * sums of word and constant from the lower half of @wk. */
TARGET static inline void four_rounds(struct halves *h, __m128i w, int round)
{
	const __m128i *k =
		(const __m128i *)(const void *)(cfs_sha256_k + round);
	__m128i wk = _mm_add_epi32(w, _mm_loadu_si128(k));

	h->cdgh = _mm_sha256rnds2_epu32(h->cdgh, h->abef, wk);
	wk = _mm_shuffle_epi32(wk, 0x0e);
	h->abef = _mm_sha256rnds2_epu32(h->abef, h->cdgh, wk);
}

/* Returns the next four words of the schedule, from the sixteen before them. */
TARGET static inline __m128i expand(const __m128i w[4], int i)
{
	__m128i x = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);

	x = _mm_add_epi32(x,
			  _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
	return _mm_sha256msg2_epu32(x, w[(i + 3) & 3]);
}

/* Does four rounds for all lanes.  @i must be a constant, so that @w stays in
 * registers. */
TARGET static inline __attribute__((always_inline)) void group(
	struct halves h[LANES], __m128i w[LANES][4], unsigned lanes, int i)
{
	CFS_UNROLL
	for (unsigned l = 0; l < lanes; l++) {
		if (i >= 4)
			w[l][i & 3] = expand(w[l], i & 3);
		four_rounds(&h[l], w[l][i & 3], 4 * i);
	}
}

/* Other code may have left the upper halves of the AVX registers in use, as
 * ISA-L does: with these, each of the instructions here, which are older ones,
 * would take twice as long. */
static void clear_upper_halves(void)
{
	if (CPU_FEATURE_ACTIVE(AVX))
		__asm__ volatile("vzeroupper" ::: "memory");
}

TARGET static inline __attribute__((always_inline)) void compress(
	uint32_t *state, const uint8_t *const *in, size_t n, unsigned lanes)
{
	const __m128i swap =
		_mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
	struct halves s[LANES], h[LANES];
	__m128i w[LANES][4];

	clear_upper_halves();
	CFS_UNROLL
	for (unsigned l = 0; l < lanes; l++)
		s[l] = load_state(state, lanes, l);
	for (size_t at = 0; at < n * CFS_SHA256_BLOCK; at += CFS_SHA256_BLOCK) {
		CFS_UNROLL
		for (unsigned l = 0; l < lanes; l++) {
			h[l] = s[l];
			CFS_UNROLL
			for (size_t i = 0; i < 4; i++)
				w[l][i] = _mm_shuffle_epi8(
					_mm_loadu_si128((const void *)(in[l] +
								       at +
								       16 * i)),
					swap);
		}
		group(h, w, lanes, 0);
		group(h, w, lanes, 1);
		group(h, w, lanes, 2);
		group(h, w, lanes, 3);
		group(h, w, lanes, 4);
		group(h, w, lanes, 5);
		group(h, w, lanes, 6);
		group(h, w, lanes, 7);
		group(h, w, lanes, 8);
		group(h, w, lanes, 9);
		group(h, w, lanes, 10);
		group(h, w, lanes, 11);
		group(h, w, lanes, 12);
		group(h, w, lanes, 13);
		group(h, w, lanes, 14);
		group(h, w, lanes, 15);
		CFS_UNROLL
		for (unsigned l = 0; l < lanes; l++) {
			s[l].abef = _mm_add_epi32(s[l].abef, h[l].abef);
			s[l].cdgh = _mm_add_epi32(s[l].cdgh, h[l].cdgh);
		}
	}
	CFS_UNROLL
	for (unsigned l = 0; l < lanes; l++)
		store_state(s[l], state, lanes, l);
}

TARGET static void compress_one(void *state, const uint8_t *const *in, size_t n)
{
	compress(state, in, n, 1);
}

TARGET static void compress_two(void *state, const uint8_t *const *in, size_t n)
{
	compress(state, in, n, LANES);
}

const struct cfs_sha_kernel cfs_sha256_ni = {
	.name = "sha-ni",
	.alg = CFS_ALG_SHA256,
	.lanes = 1,
	.compress = compress_one,
};

const struct cfs_sha_kernel cfs_sha256_ni_2 = {
	.name = "sha-ni",
	.alg = CFS_ALG_SHA256,
	.lanes = LANES,
	.compress = compress_two,
};

#endif
