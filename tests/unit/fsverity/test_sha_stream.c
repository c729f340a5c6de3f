/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha_stream.h"

#include <openssl/evp.h>

#include "fsverity/sha.h"
#include "tests/test.h"

#define SIZE 1000

static struct cfs_err err;
static uint8_t data[SIZE];

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

TEST(a_stream_of_any_length_in_pieces_of_any_size_has_the_hash_of_libcrypto)
{
	static const char *const ways[] = { "portable", "sha-ni", "avx512" };
	const struct cfs_sha_kernel *kernel;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
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
