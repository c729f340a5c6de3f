/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha.h"

#include <openssl/evp.h>

#include "tests/test.h"

static struct cfs_err err;

static const char *const ways[] = { "openssl", "avx512",   "sha-ni",
				    "avx2",    "portable", NULL };

static void choose(const char *way)
{
	if (way)
		CHECK_EQ(setenv("CFS_HASH", way, 1), 0);
	else
		CHECK_EQ(unsetenv("CFS_HASH"), 0);
}

static uint8_t data[40][4097];

static void check_all(struct cfs_sha *sha, enum cfs_alg alg, size_t len)
{
	const EVP_MD *md = alg == CFS_ALG_SHA256 ? EVP_sha256() : EVP_sha512();
	size_t size = cfs_alg_size(alg);
	uint8_t got[40 * 64], want[40][64];
	const uint8_t *in[40];

	for (size_t i = 0; i < 40; i++) {
		in[i] = data[i] + i % 2; /* not aligned either */
		CHECK(EVP_Digest(in[i], len, want[i], NULL, md, NULL));
	}
	for (size_t n = 0; n <= 40; n++) {
		memset(got, 0xee, sizeof(got));
		CHECK_EQ(cfs_sha_blocks(sha, n, in, len, got, &err), 0);
		for (size_t i = 0; i < n; i++)
			CHECK_MEM(got + i * size, want[i], size);
		CHECK(n == 40 || got[n * size] == 0xee);
	}
}

TEST(every_way_hashes_any_number_of_any_length_as_libcrypto_does)
{
	static const size_t lengths[] = { 0,   1,   55,	 56,   63,  64,	 65,
					  111, 112, 119, 120,  127, 128, 129,
					  239, 240, 256, 4095, 4096 };

	for (size_t i = 0; i < 40; i++)
		for (size_t j = 0; j < sizeof(data[i]); j++)
			data[i][j] = (uint8_t)(i * 131 + j * 7 + (j >> 8));
	for (size_t w = 0; w < CFS_ARRAY_SIZE(ways); w++)
		for (int a = 1; a <= 2; a++) {
			CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;
			enum cfs_alg alg = (enum cfs_alg)a;
			int r;

			choose(ways[w]);
			r = cfs_sha_new(alg, &sha, &err);
			if (r == -ENOTSUP && ways[w]) {
				printf("# no %s here\n", ways[w]);
				continue;
			}
			CHECK_EQ(r, 0);
			printf("# %s: %s\n", cfs_alg_name(alg),
			       cfs_sha_way(sha));
			for (size_t l = 0; l < CFS_ARRAY_SIZE(lengths); l++)
				check_all(sha, alg, lengths[l]);
		}
	choose(NULL);
}

TEST(an_unknown_way_is_refused)
{
	struct cfs_sha *sha = NULL;

	choose("abacus");
	CHECK_EQ(cfs_sha_new(CFS_ALG_SHA256, &sha, &err), -ENOTSUP);
	CHECK(strstr(err.msg, "abacus") && !sha);
	choose(NULL);
}

TEST(libcrypto_is_used_when_it_is_asked_for)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;

	choose("openssl");
	CHECK_EQ(cfs_sha_new(CFS_ALG_SHA512, &sha, &err), 0);
	CHECK_STR(cfs_sha_way(sha), "openssl");
	choose(NULL);
}
