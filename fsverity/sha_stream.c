/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha_stream.h"

#include <string.h>

#define BLOCK CFS_SHA256_BLOCK

void cfs_sha_stream_init(struct cfs_sha_stream *s,
			 const struct cfs_sha_kernel *kernel)
{
	s->kernel = kernel;
	s->fed = 0;
	s->waiting = (struct cfs_bytes){ NULL, 0 };
	memcpy(s->state, cfs_sha256_h, sizeof(s->state));
}

static void hash_blocks(struct cfs_sha_stream *s, const uint8_t *data, size_t n)
{
	if (n > 0)
		s->kernel->compress(s->state, &data, n);
}

void cfs_sha_stream_catch_up(struct cfs_sha_stream *s)
{
	hash_blocks(s, s->waiting.data, s->waiting.len / BLOCK);
	s->waiting.len = 0;
}

/* Completes the partial block that the call before left, and keeps that which
 * @data ends with.  Returns the whole blocks between them. */
static struct cfs_bytes take_ends(struct cfs_sha_stream *s,
				  struct cfs_bytes data)
{
	size_t have = s->fed % BLOCK, n;

	cfs_sha_stream_catch_up(s);
	s->fed += data.len;
	if (have > 0) {
		n = data.len < BLOCK - have ? data.len : BLOCK - have;
		memcpy(s->block + have, data.data, n);
		data.data += n;
		data.len -= n;
		if (have + n < BLOCK)
			return (struct cfs_bytes){ data.data, 0 };
		hash_blocks(s, s->block, 1);
	}
	n = data.len % BLOCK;
	data.len -= n;
	if (n > 0)
		memcpy(s->block, data.data + data.len, n);
	return data;
}

void cfs_sha_stream_update(struct cfs_sha_stream *s, struct cfs_bytes data)
{
	struct cfs_bytes whole = take_ends(s, data);

	hash_blocks(s, whole.data, whole.len / BLOCK);
}

void cfs_sha_stream_defer(struct cfs_sha_stream *s, struct cfs_bytes data)
{
	s->waiting = take_ends(s, data);
}

/* Hashes the next @n blocks of @a and of @b. */
static void hash_both(struct cfs_sha_stream *a, const uint8_t *a_data,
		      struct cfs_sha_stream *b, const uint8_t *b_data, size_t n,
		      const struct cfs_sha_kernel *two)
{
	const uint8_t *in[2] = { a_data, b_data };
	uint32_t state[8][2];

	for (size_t i = 0; i < 8; i++) {
		state[i][0] = a->state[i];
		state[i][1] = b->state[i];
	}
	two->compress(state, in, n);
	for (size_t i = 0; i < 8; i++) {
		a->state[i] = state[i][0];
		b->state[i] = state[i][1];
	}
}

void cfs_sha_stream_update_beside(struct cfs_sha_stream *s,
				  struct cfs_bytes data,
				  struct cfs_sha_stream *other,
				  const struct cfs_sha_kernel *two)
{
	struct cfs_bytes whole = take_ends(s, data), *waiting = &other->waiting;
	size_t len = whole.len < waiting->len ? whole.len : waiting->len;

	if (len > 0) {
		hash_both(s, whole.data, other, waiting->data, len / BLOCK,
			  two);
		whole.data += len;
		waiting->data += len;
		waiting->len -= len;
	}
	hash_blocks(s, whole.data, (whole.len - len) / BLOCK);
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

	cfs_sha_stream_catch_up(s);
	memcpy(end, s->block, left);
	end[left] = 0x80;
	put_be(end + blocks * BLOCK - 8, s->fed * 8, 8);
	hash_blocks(s, end, blocks);
	for (size_t i = 0; i < 8; i++)
		put_be(ret + 4 * i, s->state[i], 4);
}
