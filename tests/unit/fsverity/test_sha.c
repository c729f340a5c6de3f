/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha.h"

#include <openssl/evp.h>

#include "tests/test.h"

static struct cfs_err err;

TEST(any_number_of_messages_of_any_length_hash_as_one_by_one)
{
	static const size_t lengths[] = { 0,   1,   55,	 56,  63,  64,	 111,
					  112, 119, 127, 128, 256, 4095, 4096 };
	static uint8_t data[40][4096];
	uint8_t got[40 * 64], want[64];
	const uint8_t *in[40];

	for (size_t i = 0; i < 40; i++) {
		in[i] = data[i];
		for (size_t j = 0; j < sizeof(data[i]); j++)
			data[i][j] = (uint8_t)(i * 131 + j * 7 + (j >> 8));
	}
	for (int a = 1; a <= 2; a++) {
		CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;
		enum cfs_alg alg = (enum cfs_alg)a;
		size_t size = cfs_alg_size(alg);

		CHECK(cfs_sha_new(alg, &sha, &err) == 0);
		for (size_t l = 0; l < CFS_ARRAY_SIZE(lengths); l++)
			for (size_t n = 0; n <= 40; n++) {
				memset(got, 0xee, sizeof(got));
				CHECK(cfs_sha_blocks(sha, n, in, lengths[l],
						     got, &err) == 0);
				for (size_t i = 0; i < n; i++) {
					CHECK(EVP_Digest(data[i], lengths[l],
							 want, NULL,
							 a == 1 ? EVP_sha256()
								: EVP_sha512(),
							 NULL));
					CHECK(memcmp(got + i * size, want,
						     size) == 0);
				}
				CHECK(n == 40 || got[n * size] == 0xee);
			}
	}
}
