/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/climb.h"

#include <string.h>

void cfs_climb_init(struct cfs_climb *c, enum cfs_alg alg, struct cfs_sha *sha)
{
	/* out and blocks are always written before they are read. */
	c->alg = alg;
	c->sha = sha;
	c->n = 0;
}

int cfs_climb_flush(struct cfs_climb *c, struct cfs_err *err)
{
	uint8_t hashes[CFS_SHA_BATCH * CFS_DIGEST_MAX];
	const uint8_t *in[CFS_SHA_BATCH];
	size_t size = cfs_alg_size(c->alg);
	int r;

	for (size_t i = 0; i < c->n; i++)
		in[i] = c->blocks[i];
	r = cfs_sha_blocks(c->sha, c->n, in, CFS_VERITY_BLOCK, hashes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->n; i++)
		memcpy(c->out[i], hashes + i * size, size);
	c->n = 0;
	return 0;
}

int cfs_climb_level(struct cfs_climb *c, const uint8_t *hashes, uint64_t n,
		    uint8_t *out, uint64_t *ret, struct cfs_err *err)
{
	size_t size = cfs_alg_size(c->alg);
	uint64_t left = n * size, blocks = 0;

	for (; left > 0; blocks++) {
		uint8_t *block = c->blocks[c->n];
		size_t len = CFS_VERITY_BLOCK;

		if (left < len)
			len = (size_t)left;
		/* The block is copied, because its hash may be written over the
		 * hashes that it consists of. */
		memcpy(block, hashes + blocks * CFS_VERITY_BLOCK, len);
		memset(block + len, 0, CFS_VERITY_BLOCK - len);
		c->out[c->n++] = out + blocks * size;
		left -= len;
		if (c->n == CFS_SHA_BATCH) {
			int r = cfs_climb_flush(c, err);

			if (r < 0)
				return r;
		}
	}
	*ret = blocks;
	return 0;
}

int cfs_climb_root(struct cfs_climb *c, uint8_t *hashes, uint64_t n,
		   struct cfs_err *err)
{
	while (n > 1) {
		int r = cfs_climb_level(c, hashes, n, hashes, &n, err);

		if (r == 0)
			r = cfs_climb_flush(c, err);
		if (r < 0)
			return r;
	}
	return 0;
}
