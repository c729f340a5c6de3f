/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/hash.h"

#include <string.h>

/* FIPS 180-4, 4.2.3: fractions of the cube roots of the first 80 primes.
 * SHA-256's 64 constants (4.2.2) are the upper halves of the first 64. */
static const uint64_t K[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f,
	0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019,
	0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242,
	0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
	0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3,
	0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275,
	0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f,
	0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
	0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc,
	0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6,
	0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
	0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
	0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99,
	0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb,
	0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc,
	0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915,
	0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207,
	0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba,
	0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
	0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a,
	0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

/* 5.3.5, SHA-512: fractions of the square roots of the first 8 primes, whose
 * upper halves are SHA-256's (5.3.3).  5.3.4, SHA-384: of the next 8. */
static const uint64_t iv512[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};
static const uint64_t iv384[8] = {
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
	0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
	0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

/* One function does both widths: @w is the bits of a word, @s the six sets of
 * rotations and shifts of 4.1.2 and 4.1.3. */
struct variant {
	unsigned w, rounds;
	uint8_t s[12];
};

static const struct variant narrow = {
	32, 64, { 2, 13, 22, 6, 11, 25, 7, 18, 3, 17, 19, 10 }
};
static const struct variant wide = {
	64, 80, { 28, 34, 39, 14, 18, 41, 1, 8, 7, 19, 61, 6 }
};

static uint64_t rot(const struct variant *v, uint64_t x, unsigned n)
{
	x = x >> n | x << (v->w - n);
	return v->w == 32 ? (uint32_t)x : x;
}

static uint64_t big(const struct variant *v, const uint8_t *s, uint64_t x)
{
	return rot(v, x, s[0]) ^ rot(v, x, s[1]) ^ rot(v, x, s[2]);
}

static uint64_t small(const struct variant *v, const uint8_t *s, uint64_t x)
{
	return rot(v, x, s[0]) ^ rot(v, x, s[1]) ^ x >> s[2];
}

static uint64_t load(const uint8_t *p, unsigned bytes)
{
	uint64_t x = 0;

	while (bytes--)
		x = x << 8 | *p++;
	return x;
}

static void compress(const struct variant *v, uint64_t h[8],
		     const uint8_t *block)
{
	uint64_t mask = v->w == 32 ? UINT32_MAX : UINT64_MAX;
	uint64_t w[80], r[8];

	for (unsigned t = 0; t < v->rounds; t++)
		w[t] = t < 16 ? load(block + t * v->w / 8, v->w / 8)
			      : (small(v, v->s + 9, w[t - 2]) + w[t - 7] +
				 small(v, v->s + 6, w[t - 15]) + w[t - 16]) &
					mask;
	memcpy(r, h, sizeof(r));
	for (unsigned t = 0; t < v->rounds; t++) {
		uint64_t k = v->w == 32 ? K[t] >> 32 : K[t];
		uint64_t ch = (r[4] & r[5]) ^ (~r[4] & r[6]);
		uint64_t maj = (r[0] & r[1]) ^ (r[0] & r[2]) ^ (r[1] & r[2]);
		uint64_t t1 = r[7] + big(v, v->s + 3, r[4]) + ch + k + w[t];
		uint64_t t2 = big(v, v->s, r[0]) + maj;

		memmove(r + 1, r, 7 * sizeof(r[0]));
		r[4] = (r[4] + t1) & mask;
		r[0] = (t1 + t2) & mask;
	}
	for (unsigned i = 0; i < 8; i++)
		h[i] = (h[i] + r[i]) & mask;
}

size_t cfs_hash(enum cfs_hash hash, struct cfs_bytes data,
		uint8_t ret[static CFS_HASH_MAX])
{
	const struct variant *v = hash == CFS_HASH_SHA256 ? &narrow : &wide;
	size_t block = v->w * 2, pos = 0, tail;
	uint8_t last[2 * 128] = { 0 };
	uint64_t h[8];

	memcpy(h, hash == CFS_HASH_SHA384 ? iv384 : iv512, sizeof(h));
	for (unsigned i = 0; i < 8 && v->w == 32; i++)
		h[i] >>= 32;
	for (; data.len - pos >= block; pos += block)
		compress(v, h, data.data + pos);

	/* The rest, one bit, zeros, and the length in bits at the very end of
	 * a block: the length field is two words long. */
	tail = data.len - pos;
	if (tail)
		memcpy(last, data.data + pos, tail);
	last[tail] = 0x80;
	tail = tail + 1 + v->w / 4 <= block ? block : 2 * block;
	for (unsigned i = 0; i < 8; i++)
		last[tail - 1 - i] = (uint8_t)((uint64_t)data.len * 8 >> 8 * i);
	for (pos = 0; pos < tail; pos += block)
		compress(v, h, last + pos);

	for (unsigned i = 0; i < (unsigned)hash / 8; i++)
		ret[i] =
			(uint8_t)(h[i * 8 / v->w] >> (v->w - 8 - 8 * i % v->w));
	return (size_t)hash / 8;
}

const char *cfs_hash_name(enum cfs_hash hash)
{
	return hash == CFS_HASH_SHA256	 ? "sha256"
	       : hash == CFS_HASH_SHA384 ? "sha384"
					 : "sha512";
}
