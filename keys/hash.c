/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/hash.h"

#include <string.h>

#include "fsverity/sha_constants.h"

/* The constants of SHA-256 are the upper halves of those of SHA-512. */
#define X(value) value,
static const uint64_t K[80] = { CFS_SHA_K_FIRST_64(X) CFS_SHA_K_LAST_16(X) };
static const uint64_t iv512[8] = { CFS_SHA_H(X) };
#undef X
/* FIPS 180-4, 5.3.4: square roots of the ninth to the sixteenth prime. */
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
