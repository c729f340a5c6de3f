/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/xxh32.h"

#include "base/disk.h"

#define P1 0x9e3779b1u
#define P2 0x85ebca77u
#define P3 0xc2b2ae3du
#define P4 0x27d4eb2fu
#define P5 0x165667b1u

static uint32_t rotl(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t word(const uint8_t *p)
{
	return cfs_get32((cfs_le32){ { p[0], p[1], p[2], p[3] } });
}

/* Names are short, so that speed is in what happens to the last 15 bytes: words
 * of 4 bytes, then single ones.
 * Source: xxHash doc/xxhash_spec.md, "XXH32 Algorithm Description". */
uint32_t cfs_erofs_xxh32(struct cfs_bytes data, uint32_t seed)
{
	uint32_t v[4] = { seed + P1 + P2, seed + P2, seed, seed - P1 };
	const uint8_t *p = data.data, *end = p + data.len;
	uint32_t h = seed + P5;

	if (data.len >= 16) {
		for (; end - p >= 16; p += 16) {
			for (int i = 0; i < 4; i++)
				v[i] = rotl(v[i] + word(p + 4 * i) * P2, 13) *
				       P1;
		}
		h = rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) +
		    rotl(v[3], 18);
	}
	h += (uint32_t)data.len;
	for (; end - p >= 4; p += 4)
		h = rotl(h + word(p) * P3, 17) * P4;
	for (; p < end; p++)
		h = rotl(h + *p * P5, 11) * P1;
	h = (h ^ h >> 15) * P2;
	h = (h ^ h >> 13) * P3;
	return h ^ h >> 16;
}
