/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/hash.h"

#include <openssl/evp.h>

#include "tests/test.h"

static const enum cfs_hash all[] = { CFS_HASH_SHA256, CFS_HASH_SHA384,
				     CFS_HASH_SHA512 };

static const char *hex(enum cfs_hash hash, const char *text)
{
	struct cfs_bytes data = { (const uint8_t *)text, strlen(text) };
	static char out[2 * CFS_HASH_MAX + 1];
	uint8_t raw[CFS_HASH_MAX];
	size_t n = cfs_hash(hash, data, raw);

	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
	return out;
}

/* Source: NIST CSRC, "Examples with Intermediate Values" for SHA-256, SHA-384
 * and SHA-512. */
TEST(nist_examples_give_their_hashes)
{
	const char *two =
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	const char *four =
		"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

	CHECK(!strcmp(hex(CFS_HASH_SHA256, "abc"),
		      "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad"));
	CHECK(!strcmp(hex(CFS_HASH_SHA256, two),
		      "248d6a61d20638b8e5c026930c3e6039"
		      "a33ce45964ff2167f6ecedd419db06c1"));
	CHECK(!strcmp(hex(CFS_HASH_SHA384, "abc"),
		      "cb00753f45a35e8bb5a03d699ac65007"
		      "272c32ab0eded1631a8b605a43ff5bed"
		      "8086072ba1e7cc2358baeca134c825a7"));
	CHECK(!strcmp(hex(CFS_HASH_SHA512, "abc"),
		      "ddaf35a193617abacc417349ae204131"
		      "12e6fa4e89a97ea20a9eeee64b55d39a"
		      "2192992a274fc1a836ba3c23a3feebbd"
		      "454d4423643ce80e2a9ac94fa54ca49f"));
	CHECK(!strcmp(hex(CFS_HASH_SHA512, four),
		      "8e959b75dae313da8cf4f72814fc143f"
		      "8f7779c6eb9f7fa17299aeadb6889018"
		      "501d289e4900f7e4331b99dec4b5433a"
		      "c7d329eeb6dd26545e96e55b874be909"));
}

/* Every way the last block can be filled, against another implementation. */
TEST(every_length_around_a_block_border_agrees_with_libcrypto)
{
	static uint8_t data[300];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (size_t len = 0; len <= sizeof(data); len++)
		for (unsigned i = 0; i < CFS_ARRAY_SIZE(all); i++) {
			uint8_t want[EVP_MAX_MD_SIZE], got[CFS_HASH_MAX];
			struct cfs_bytes in = { data, len };
			unsigned n = 0;

			CHECK_EQ(EVP_Digest(data, len, want, &n,
					    EVP_get_digestbyname(
						    cfs_hash_name(all[i])),
					    NULL),
				 1);
			CHECK_EQ(cfs_hash(all[i], in, got), n);
			CHECK_MEM(want, got, n);
		}
}
