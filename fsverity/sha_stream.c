/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha_stream.h"

#include <string.h>

#define BLOCK CFS_SHA256_BLOCK

void cfs_sha_stream_init(struct cfs_sha_stream *s,
			 const struct cfs_sha_kernel *kernel)
{
	s->kernel = kernel;
	s->fed = 0;
	memcpy(s->state, cfs_sha256_h, sizeof(s->state));
}

static void hash_blocks(struct cfs_sha_stream *s, const uint8_t *data, size_t n)
{
	if (n > 0)
		s->kernel->compress(s->state, &data, n);
}

void cfs_sha_stream_update(struct cfs_sha_stream *s, struct cfs_bytes data)
{
	size_t have = s->fed % BLOCK, n;

	s->fed += data.len;
	/* First complete the partial block left by the previous update. */
	if (have > 0) {
		n = data.len < BLOCK - have ? data.len : BLOCK - have;
		memcpy(s->block + have, data.data, n);
		data.data += n;
		data.len -= n;
		if (have + n < BLOCK)
			return;
		hash_blocks(s, s->block, 1);
	}
	/* Whole blocks are hashed in place. */
	n = data.len / BLOCK;
	hash_blocks(s, data.data, n);
	if (data.len % BLOCK > 0)
		memcpy(s->block, data.data + n * BLOCK, data.len % BLOCK);
}

static void put_be(uint8_t *out, uint64_t n, size_t len)
{
	for (size_t i = len; i-- > 0; n >>= 8)
		out[i] = (uint8_t)n;
}

/*
 * The message ends with a bit, zeros, and its length in bits, in a block more
 * if less than nine bytes of the last one are left.
 * Source: FIPS 180-4, 5.1.1.
 */
void cfs_sha_stream_final(struct cfs_sha_stream *s, uint8_t ret[static 32])
{
	size_t left = s->fed % BLOCK, blocks = left + 1 + 8 > BLOCK ? 2 : 1;
	uint8_t end[2 * BLOCK] = { 0 };

	memcpy(end, s->block, left);
	end[left] = 0x80;
	put_be(end + blocks * BLOCK - 8, s->fed * 8, 8);
	hash_blocks(s, end, blocks);
	for (size_t i = 0; i < 8; i++)
		put_be(ret + 4 * i, s->state[i], 4);
}
