/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/id.h"

#include "tests/test.h"

static struct cfs_err err;

static int parse(const char *text, struct cfs_oci_id *id)
{
	struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };

	return cfs_oci_id_parse(bytes, id, &err);
}

#define HEX64 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(both_algorithms_are_read)
{
	struct cfs_oci_id a, b;

	CHECK_EQ(parse("sha256:" HEX64, &a), 0);
	CHECK_EQ(a.alg, CFS_CONTENT_SHA256);
	CHECK_STR(a.text, "sha256:" HEX64);
	CHECK_STR(cfs_oci_id_hex(&a), HEX64);
	CHECK_EQ(parse("sha512:" HEX64 HEX64, &b), 0);
	CHECK_EQ(b.alg, CFS_CONTENT_SHA512);
	CHECK(!cfs_oci_id_equal(&a, &b));
}

TEST(what_is_no_digest_is_refused)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {
		{ "", -EINVAL },
		{ "sha256", -EINVAL },
		{ HEX64, -EINVAL },
		{ "sha256:", -EINVAL },
		{ "sha256:" HEX64 "0", -EINVAL },
		{ "sha512:" HEX64, -EINVAL },
		{ "sha384:" HEX64, -EOPNOTSUPP },
		{ "sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410"
		  "ff61f20015ad",
		  -EINVAL },
		{ "sha256:../816bf8f01cfea414140de5dae2223b00361a396177a9cb410"
		  "ff61f20015ad",
		  -EINVAL },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_oci_id id;

		CHECK_EQ(parse(cases[i].text, &id), cases[i].code);
	}
}

TEST(bytes_have_an_id)
{
	struct cfs_bytes abc = { (const uint8_t *)"abc", 3 };
	struct cfs_oci_id want, have;

	CHECK_EQ(parse("sha256:" HEX64, &want), 0);
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, abc, &have, &err), 0);
	CHECK(cfs_oci_id_equal(&want, &have));
	CHECK_EQ(have.alg, want.alg);
}

TEST(a_hash_is_compared_and_its_id_returned)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	struct cfs_oci_id want, have;

	CHECK_EQ(parse("sha256:" HEX64, &want), 0);
	CHECK_EQ(cfs_content_hash_new(CFS_CONTENT_SHA256, &hash, &err), 0);
	CHECK_EQ(cfs_content_hash_update(
			 hash, (struct cfs_bytes){ (const uint8_t *)"ab", 2 },
			 &err),
		 0);
	CHECK_EQ(cfs_oci_id_compare(hash, &want, "it", &have, &err), -EBADMSG);
	CHECK_EQ(strncmp(have.text, "sha256:fb8e20fc", 15), 0);
	CHECK_EQ(strncmp(err.msg, "it is sha256:fb8e20fc", 21), 0);
}
