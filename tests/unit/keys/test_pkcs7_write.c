/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/pkcs7_write.h"

#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;

/* Source of the blobs: tests/data/keys/make, by `fsverity sign` and OpenSSL. */
TEST(what_others_wrote_is_written_again_byte_for_byte)
{
	static const char *const blobs[] = {
		"rsa256.p7", "rsa512.p7", "md256.p7", "md384.p7", "ec256.p7",
		"ec384.p7",  "ec512.p7",  "leaf.p7",  "old.p7",	  "odd.p7",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(blobs); i++) {
		CFS_AUTOBUF struct cfs_buf got = { 0 };
		uint8_t der[2048];
		size_t len = vector_read(blobs[i], der, sizeof(der));
		struct cfs_pkcs7 p7;

		CHECK_EQ(cfs_pkcs7_parse((struct cfs_bytes){ der, len }, &p7,
					 &err),
			 0);
		CHECK_EQ(p7.n, 1);
		cfs_pkcs7_write(&p7.v[0], &got);
		if (got.len != len || memcmp(got.data, der, len) != 0)
			printf("# %s\n", blobs[i]);
		CHECK_EQ(got.len, len);
		CHECK_MEM(got.data, der, len);
	}
}

/* Lengths have forms of one, two and three bytes, and every element has one. */
TEST(what_is_written_is_read_again_at_every_length)
{
	static const size_t lens[] = { 1,   40,	 60,  63,  100, 126, 127, 128,
				       180, 200, 254, 255, 256, 512, 8000 };
	static uint8_t issuer[8004] = { 0x30, 0x82 };
	static const uint8_t bytes[8000] = { 0x5a };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lens); i++)
		for (size_t k = 0; k < CFS_ARRAY_SIZE(lens); k++) {
			size_t name = lens[k] + 0x100 > 8000 ? 8000
							     : lens[k] + 0x100;
			const struct cfs_signer signer = {
				.issuer = { issuer, name + 4 },
				.serial = { bytes, 1 + i },
				.hash = k % 2 ? CFS_HASH_SHA384
					      : CFS_HASH_SHA256,
				.key = i % 2 ? CFS_SIGNER_RSA
					     : CFS_SIGNER_ECDSA,
				.signature = { bytes, lens[i] },
			};
			CFS_AUTOBUF struct cfs_buf got = { 0 };
			struct cfs_pkcs7 p7;

			issuer[2] = (uint8_t)(name >> 8);
			issuer[3] = (uint8_t)name;
			cfs_pkcs7_write(&signer, &got);
			if (got.len > 16128)
				continue;
			CHECK_EQ(
				cfs_pkcs7_parse(cfs_buf_bytes(&got), &p7, &err),
				0);
			CHECK_EQ(p7.n, 1);
			CHECK_EQ(p7.v[0].hash, signer.hash);
			CHECK_EQ(p7.v[0].key, signer.key);
			CHECK_EQ(p7.v[0].issuer.len, signer.issuer.len);
			CHECK_EQ(p7.v[0].serial.len, signer.serial.len);
			CHECK_EQ(p7.v[0].signature.len, lens[i]);
		}
}
