/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/key.h"

#include "tests/test.h"

static enum cfs_seal_role role;
static enum cfs_alg alg;

static enum cfs_seal_key_kind parse(const char *text)
{
	struct cfs_bytes key = { (const uint8_t *)text, strlen(text) };

	return cfs_seal_key_parse(key, &role, &alg);
}

TEST(a_key_is_the_one_of_its_role_and_algorithm)
{
	for (int a = CFS_ALG_SHA256; a <= CFS_ALG_SHA512; a++) {
		for (int i = 0; i < CFS_SEAL_ROLES; i++) {
			char key[CFS_SEAL_KEY_MAX + 8];

			cfs_seal_key_format((enum cfs_seal_role)i,
					    (enum cfs_alg)a, key);
			CHECK_EQ(parse(key), CFS_SEAL_KEY_DIGEST);
			CHECK_EQ((int)role, i);
			CHECK_EQ((int)alg, a);
			strcat(key, ".sig");
			role = CFS_SEAL_MANIFEST;
			alg = 0;
			CHECK_EQ(parse(key), CFS_SEAL_KEY_SIG);
			CHECK_EQ((int)role, i);
			CHECK_EQ((int)alg, a);
			strcat(key, "x");
			CHECK_EQ(parse(key), CFS_SEAL_KEY_ALG);
		}
	}
	CHECK_EQ(parse("composefs.merged.bootable.erofs.v1.fsverity-sha512-12"),
		 CFS_SEAL_KEY_DIGEST);
	CHECK_EQ(role, CFS_SEAL_BOOTABLE);
	CHECK_EQ(alg, CFS_ALG_SHA512);
}

TEST(other_block_sizes_and_hashes_are_not_taken_for_known_ones)
{
	CHECK_EQ(parse("composefs.merged.erofs.v1.fsverity-sha256-16"),
		 CFS_SEAL_KEY_ALG);
	CHECK_EQ(parse("composefs.config.fsverity-sha384-12"),
		 CFS_SEAL_KEY_ALG);
	CHECK_EQ(parse("composefs.config.fsverity-"), CFS_SEAL_KEY_ALG);
	CHECK_EQ(parse("composefs.config.fsverity-sha256-123"),
		 CFS_SEAL_KEY_ALG);
}

TEST(keys_of_newer_programs_are_unknown)
{
	CHECK_EQ(parse("composefs.merged.erofs.v2.fsverity-sha256-12"),
		 CFS_SEAL_KEY_UNKNOWN);
	CHECK_EQ(parse("composefs.merged.fsverity-sha256-12"),
		 CFS_SEAL_KEY_UNKNOWN);
	CHECK_EQ(parse("composefs.config.erofs.v1.fsverity-sha256-12"),
		 CFS_SEAL_KEY_UNKNOWN);
	CHECK_EQ(parse("composefs."), CFS_SEAL_KEY_UNKNOWN);
}

TEST(other_annotations_are_foreign)
{
	CHECK_EQ(parse("org.opencontainers.image.title"), CFS_SEAL_KEY_FOREIGN);
	CHECK_EQ(parse("composefs"), CFS_SEAL_KEY_FOREIGN);
	CHECK_EQ(parse(""), CFS_SEAL_KEY_FOREIGN);
	CHECK_EQ(parse("Composefs.config.fsverity-sha256-12"),
		 CFS_SEAL_KEY_FOREIGN);
}

TEST(a_role_is_found_by_its_whole_name)
{
	struct cfs_bytes name = { (const uint8_t *)"merged.bootable", 15 };

	CHECK(cfs_seal_role_find(name, &role));
	CHECK_EQ(role, CFS_SEAL_BOOTABLE);
	name.len = strlen("merged");
	CHECK(cfs_seal_role_find(name, &role));
	CHECK_EQ(role, CFS_SEAL_MERGED);
	name.len--;
	CHECK(!cfs_seal_role_find(name, &role));
	name.len = 0;
	CHECK(!cfs_seal_role_find(name, &role));
}
