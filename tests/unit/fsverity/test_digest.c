/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/digest.h"

#include "tests/test.h"

/* fs-verity digest of the empty file, as printed by `fsverity digest` 1.5. */
#define EMPTY "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"

static struct cfs_err err;

static struct cfs_digest empty(void)
{
	struct cfs_digest digest;

	CHECK_EQ(cfs_digest_from_hex(EMPTY, strlen(EMPTY), &digest, &err), 0);
	return digest;
}

TEST(hex_goes_there_and_back)
{
	struct cfs_digest digest = empty();
	char hex[CFS_DIGEST_HEX_MAX];

	CHECK_EQ(digest.alg, CFS_ALG_SHA256);
	CHECK_EQ(digest.bytes[0], 0x3d);
	cfs_digest_to_hex(&digest, hex);
	CHECK_STR(hex, EMPTY);
}

TEST(wrong_length_and_wrong_digits_are_refused)
{
	struct cfs_digest digest;

	CHECK_EQ(cfs_digest_from_hex(EMPTY, 63, &digest, &err), -EINVAL);
	CHECK_EQ(cfs_digest_from_hex("", 0, &digest, &err), -EINVAL);
	CHECK_EQ(cfs_digest_from_hex("g" EMPTY, 64, &digest, &err), -EINVAL);
}

static int value_of(int c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

	return c && at ? (int)(at - digits) : -1;
}

TEST(every_character_is_told_at_every_place)
{
	struct cfs_digest digest;
	char hex[128];

	for (size_t at = 0; at < sizeof(hex); at++) {
		for (int c = 0; c < 256; c++) {
			int want = value_of(c);
			int r;

			memset(hex, '0', sizeof(hex));
			hex[at] = (char)c;
			r = cfs_digest_from_hex(hex, 128, &digest, &err);
			CHECK_EQ(r, (want < 0 ? -EINVAL : 0));
			if (r < 0)
				continue;
			CHECK_EQ(digest.alg, CFS_ALG_SHA512);
			for (size_t i = 0; i < CFS_DIGEST_MAX; i++) {
				int got = digest.bytes[i];

				CHECK_EQ(got, (i != at / 2 ? 0
					       : at % 2	   ? want
							   : want << 4));
			}
		}
	}
}

TEST(every_byte_is_written_as_two_digits)
{
	struct cfs_digest digest = { .alg = CFS_ALG_SHA512 };
	char hex[CFS_DIGEST_HEX_MAX], want[3];

	for (unsigned i = 0; i < 256; i++) {
		digest.bytes[i % 64] = (uint8_t)i;
		if (i % 64 < 63)
			continue;
		cfs_digest_to_hex(&digest, hex);
		CHECK_EQ(strlen(hex), 128);
		for (unsigned k = 0; k < 64; k++) {
			snprintf(want, sizeof(want), "%02x", i - 63 + k);
			CHECK_MEM(hex + 2 * k, want, 2);
		}
	}
}

TEST(the_object_path_splits_after_one_byte)
{
	struct cfs_digest digest = empty();
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(&digest, path);
	CHECK_EQ(strncmp(path, "3d/248c", 7), 0);
	CHECK_EQ(strlen(path), 65);
}

TEST(algorithm_names_are_read_as_written)
{
	enum cfs_alg alg;

	CHECK_EQ(cfs_alg_from_id("fsverity-sha256-12", &alg, &err), 0);
	CHECK_EQ(alg, CFS_ALG_SHA256);
	CHECK_EQ(cfs_alg_from_id(cfs_alg_id(CFS_ALG_SHA512), &alg, &err), 0);
	CHECK_EQ(alg, CFS_ALG_SHA512);
}

TEST(unknown_algorithms_say_what_is_wrong)
{
	enum cfs_alg alg;

	CHECK_EQ(cfs_alg_from_id("sha256-12", &alg, &err), -EINVAL);
	CHECK(strstr(err.msg, "fsverity-"));
	CHECK_EQ(cfs_alg_from_id("fsverity-sha256-16", &alg, &err), -EINVAL);
	CHECK(strstr(err.msg, "unsupported block size"));
	CHECK_EQ(cfs_alg_from_id("fsverity-sha256", &alg, &err), -EINVAL);
	CHECK_EQ(cfs_alg_from_id("fsverity-md5-12", &alg, &err), -EINVAL);
	CHECK(strstr(err.msg, "unknown hash"));
}

TEST(what_is_signed_has_the_kernels_layout)
{
	struct cfs_digest digest = empty();
	uint8_t tbs[CFS_FORMATTED_MAX];

	CHECK_EQ(cfs_digest_format(&digest, tbs), 44);
	CHECK_MEM(tbs, "FSVerity\1\0\40\0", 12);
	CHECK_EQ(tbs[12], 0x3d);
	digest.alg = CFS_ALG_SHA512;
	CHECK_EQ(cfs_digest_format(&digest, tbs), 76);
	CHECK_MEM(tbs, "FSVerity\2\0\100\0", 12);
}

TEST(digests_of_different_algorithms_are_never_equal)
{
	struct cfs_digest a = empty(), b = empty();

	CHECK(cfs_digest_equal(&a, &b));
	b.alg = CFS_ALG_SHA512;
	CHECK(!cfs_digest_equal(&a, &b));
	b = a;
	b.bytes[31] ^= 1;
	CHECK(!cfs_digest_equal(&a, &b));
}
