/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha_stream.h"

#include <openssl/evp.h>

#include "fsverity/sha.h"
#include "tests/test.h"

#define SIZE 1000

static struct cfs_err err;
static uint8_t data[SIZE];

static void fill(void)
{
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
}

/* The kernel of @way for one message; NULL: this processor has no such way. */
static const struct cfs_sha_kernel *kernel_of(const char *way)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;
	int r;

	CHECK_EQ(setenv("CFS_HASH", way, 1), 0);
	r = cfs_sha_new(CFS_ALG_SHA256, &sha, &err);
	CHECK_EQ(unsetenv("CFS_HASH"), 0);
	CHECK(r == 0 || r == -ENOTSUP);
	return r == 0 ? cfs_sha_kernel(sha, 1) : NULL;
}

/* The first @len bytes, in pieces of @piece. */
static void check_stream(const struct cfs_sha_kernel *kernel, size_t len,
			 size_t piece)
{
	struct cfs_sha_stream s;
	uint8_t have[32], want[32];

	cfs_sha_stream_init(&s, kernel);
	for (size_t at = 0, n; at < len; at += n) {
		n = piece < len - at ? piece : len - at;
		cfs_sha_stream_update(&s, (struct cfs_bytes){ data + at, n });
	}
	cfs_sha_stream_final(&s, have);
	CHECK(EVP_Digest(data, len, want, NULL, EVP_sha256(), NULL));
	CHECK_MEM(have, want, sizeof(want));
}

/* Two messages, one after the other: what a processor without a kernel for two
 * has instead of one. */
static void compress_both(void *state, const uint8_t *const *in, size_t n)
{
	uint32_t(*both)[2] = state, one[8];

	for (size_t lane = 0; lane < 2; lane++) {
		for (size_t i = 0; i < 8; i++)
			one[i] = both[i][lane];
		cfs_sha256_portable.compress(one, &in[lane], n);
		for (size_t i = 0; i < 8; i++)
			both[i][lane] = one[i];
	}
}

static const struct cfs_sha_kernel both = { .alg = CFS_ALG_SHA256,
					    .lanes = 2,
					    .compress = compress_both };

/* The next @size bytes from *@at on, or those that are left. */
static struct cfs_bytes next(size_t *at, size_t size)
{
	struct cfs_bytes piece = { data + *at,
				   size < SIZE - *at ? size : SIZE - *at };

	*at += piece.len;
	return piece;
}

/* Pieces of @a bytes, each of which waits while @times pieces of @b are hashed
 * beside it. */
static void check_pair(const struct cfs_sha_kernel *two, size_t a, size_t b,
		       unsigned times)
{
	struct cfs_sha_stream first, second;
	uint8_t have[2][32], want[32];
	size_t at_a = 0, at_b = 0;

	cfs_sha_stream_init(&first, &cfs_sha256_portable);
	cfs_sha_stream_init(&second, &cfs_sha256_portable);
	while (at_a < SIZE || at_b < SIZE) {
		cfs_sha_stream_catch_up(&first);
		cfs_sha_stream_defer(&first, next(&at_a, a));
		for (unsigned i = 0; i < times; i++)
			cfs_sha_stream_update_beside(&second, next(&at_b, b),
						     &first, two);
	}
	cfs_sha_stream_final(&first, have[0]);
	cfs_sha_stream_final(&second, have[1]);
	CHECK(EVP_Digest(data, SIZE, want, NULL, EVP_sha256(), NULL));
	CHECK_MEM(have[0], want, sizeof(want));
	CHECK_MEM(have[1], want, sizeof(want));
}

TEST(two_streams_side_by_side_have_the_hashes_that_each_has)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;
	const struct cfs_sha_kernel *two;

	CHECK_EQ(cfs_sha_new(CFS_ALG_SHA256, &sha, &err), 0);
	two = cfs_sha_kernel(sha, 2);
	fill();
	for (size_t a = 1; a < 300; a += 7)
		for (size_t b = 1; b < 300; b += 11)
			for (unsigned times = 1; times < 4; times++) {
				check_pair(&both, a, b, times);
				if (two)
					check_pair(two, a, b, times);
			}
	check_pair(&both, SIZE, SIZE, 1);
}

TEST(a_stream_of_any_length_in_pieces_of_any_size_has_the_hash_of_libcrypto)
{
	static const char *const ways[] = { "portable", "sha-ni", "avx512" };
	const struct cfs_sha_kernel *kernel;

	fill();
	CHECK(kernel_of("portable"));
	for (size_t w = 0; w < CFS_ARRAY_SIZE(ways); w++) {
		kernel = kernel_of(ways[w]);
		for (size_t len = 0; len < 200 && kernel; len++)
			for (size_t piece = 1; piece < 140; piece++)
				check_stream(kernel, len, piece);
		if (kernel)
			check_stream(kernel, SIZE, SIZE);
	}
}
