/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/climb.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_sha *sha_of(enum cfs_alg alg)
{
	struct cfs_sha *sha;

	CHECK_EQ(cfs_sha_new(alg, &sha, &err), 0);
	return sha;
}

static void hash_block(struct cfs_sha *sha, const uint8_t *block, uint8_t *out)
{
	CHECK_EQ(cfs_sha_blocks(sha, 1, &block, CFS_VERITY_BLOCK, out, &err),
		 0);
}

/* @n made-up hashes. */
static uint8_t *hashes_of(enum cfs_alg alg, size_t n, unsigned seed)
{
	size_t len = n * cfs_alg_size(alg);
	uint8_t *hashes = malloc(len + 1);

	CHECK(hashes);
	for (size_t i = 0; i < len; i++)
		hashes[i] = (uint8_t)(i * 31 + (i >> 7) + seed);
	return hashes;
}

/* One level, one block after another, into fresh memory. */
static size_t slow_level(struct cfs_sha *sha, enum cfs_alg alg,
			 const uint8_t *hashes, size_t n, uint8_t *out)
{
	size_t len = n * cfs_alg_size(alg), blocks = 0;

	for (size_t at = 0; at < len; at += CFS_VERITY_BLOCK, blocks++) {
		uint8_t block[CFS_VERITY_BLOCK] = { 0 };

		memcpy(block, hashes + at,
		       len - at < sizeof(block) ? len - at : sizeof(block));
		hash_block(sha, block, out + blocks * cfs_alg_size(alg));
	}
	return blocks;
}

/* Around what a block holds, what a batch of blocks holds, and what two levels
 * of them hold. */
static const size_t counts[] = { 1,    2,    63,	  64,	    65,
				 127,  128,  129,	  1023,	    1024,
				 1025, 2048, 2049,	  4096,	    4097,
				 8192, 8193, 64 * 64 + 1, 128 * 129 };

static void check_counts(enum cfs_alg alg)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = sha_of(alg);
	static struct cfs_climb climb;

	cfs_climb_init(&climb, alg, sha);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(counts); i++) {
		CFS_AUTOFREE uint8_t *fast = hashes_of(alg, counts[i], 7);
		CFS_AUTOFREE uint8_t *slow = hashes_of(alg, counts[i], 7);
		CFS_AUTOFREE uint8_t *next = hashes_of(alg, counts[i], 0);
		size_t n = counts[i];

		while (n > 1) {
			n = slow_level(sha, alg, slow, n, next);
			memcpy(slow, next, n * cfs_alg_size(alg));
		}
		CHECK_EQ(cfs_climb_root(&climb, fast, counts[i], &err), 0);
		CHECK_MEM(fast, slow, cfs_alg_size(alg));
	}
}

TEST(a_root_is_that_of_one_block_at_a_time)
{
	check_counts(CFS_ALG_SHA256);
	check_counts(CFS_ALG_SHA512);
}

TEST(levels_of_several_trees_are_gathered_and_do_not_mix)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = sha_of(CFS_ALG_SHA256);
	static struct cfs_climb climb;
	uint8_t *in[40], got[40][64 * 32], want[64 * 32];
	uint64_t n[40];

	cfs_climb_init(&climb, CFS_ALG_SHA256, sha);
	for (unsigned i = 0; i < 40; i++) {
		in[i] = hashes_of(CFS_ALG_SHA256, 1 + i * 50, i);
		CHECK_EQ(cfs_climb_level(&climb, in[i], 1 + i * 50, got[i],
					 &n[i], &err),
			 0);
	}
	CHECK_EQ(cfs_climb_flush(&climb, &err), 0);
	CHECK_EQ(cfs_climb_flush(&climb, &err), 0);
	for (unsigned i = 0; i < 40; i++) {
		size_t blocks = slow_level(sha, CFS_ALG_SHA256, in[i],
					   1 + i * 50, want);

		CHECK_EQ(n[i], blocks);
		CHECK_MEM(got[i], want, blocks * 32);
		free(in[i]);
	}
}

TEST(blocks_are_counted_with_the_one_that_is_not_full)
{
	CHECK_EQ(cfs_verity_blocks(0), 0);
	CHECK_EQ(cfs_verity_blocks(1), 1);
	CHECK_EQ(cfs_verity_blocks(4096), 1);
	CHECK_EQ(cfs_verity_blocks(4097), 2);
	CHECK_EQ(cfs_verity_blocks(UINT64_MAX), (uint64_t)1 << 52);
}
