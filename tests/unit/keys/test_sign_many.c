/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/sign_many.h"

#include "keys/verify.h"
#include "tests/test.h"
#include "tests/unit/keys/pairs.h"

static struct cfs_err err;

/* A key of every kind and size that the kernel takes. */
static const char *const kinds[] = {
	"rsa:2048",
	"rsa:3072",
	"rsa:4096",
	"ec -pkeyopt ec_paramgen_curve:P-256",
	"ec -pkeyopt ec_paramgen_curve:P-384",
	"ec -pkeyopt ec_paramgen_curve:P-521",
};
#define KINDS	 (sizeof(kinds) / sizeof(*kinds))
#define KINDS_EC 3 /* the first of those, which sign differently each time */

static struct cfs_signing *open_pair(unsigned kind)
{
	struct cfs_signing *signing = NULL;
	char name[16], cert[512], key[512];

	snprintf(name, sizeof(name), "many%u", kind);
	snprintf(cert, sizeof(cert), "%s.pem", pair_path(name));
	snprintf(key, sizeof(key), "%s.key", pair_path(name));
	if (access(cert, F_OK) < 0)
		pair_make(name, kinds[kind]);
	CHECK_EQ(cfs_signing_open(cert, key, &signing, &err), 0);
	return signing;
}

static void check_kind(unsigned kind, enum cfs_alg alg)
{
	CFS_AUTO(cfs_signing_free)
	struct cfs_signing *signing = open_pair(kind);
	struct cfs_certs certs = { .n = 1,
				   .v = { *cfs_signing_cert(signing) } };
	CFS_AUTO(cfs_many_free) struct cfs_many *many = NULL;

	CHECK_EQ(cfs_many_open(signing, alg, &many, &err), 0);
	/* Many, since the length of an ECDSA signature varies. */
	for (uint8_t i = 0; i < 40; i++) {
		struct cfs_digest id = { .alg = alg, .bytes = { i, 7 } };
		CFS_AUTOBUF struct cfs_buf want = { 0 };
		CFS_AUTOBUF struct cfs_buf got = { 0 };

		CHECK_EQ(cfs_many_sign(many, &id, &got, &err), 0);
		CHECK_EQ(cfs_signature_verify(cfs_buf_bytes(&got), &id, &certs,
					      NULL, &err),
			 0);
		if (kind >= KINDS_EC)
			continue;
		CHECK_EQ(cfs_sign(signing, &id, (struct cfs_bytes){ 0 }, &want,
				  &err),
			 1);
		CHECK_EQ(got.len, want.len);
		CHECK_MEM(got.data, want.data, got.len);
	}
}

TEST(all_kinds_of_keys_make_signatures_that_are_verified)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		check_kind(kind, CFS_ALG_SHA256);
		check_kind(kind, CFS_ALG_SHA512);
	}
}

TEST(what_is_made_of_it_can_be_signed_by_others)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = open_pair(3);
	CFS_AUTO(cfs_signing_free) struct cfs_signing *b = open_pair(0);
	struct cfs_certs certs = { .n = 1, .v = { *cfs_signing_cert(a) } };
	struct cfs_digest id = { .alg = CFS_ALG_SHA256, .bytes = { 9 } };
	CFS_AUTO(cfs_many_free) struct cfs_many *many = NULL;
	CFS_AUTOBUF struct cfs_buf one = { 0 };
	CFS_AUTOBUF struct cfs_buf two = { 0 };

	CHECK_EQ(cfs_many_open(a, CFS_ALG_SHA256, &many, &err), 0);
	CHECK_EQ(cfs_many_sign(many, &id, &one, &err), 0);
	CHECK_EQ(cfs_sign(b, &id, cfs_buf_bytes(&one), &two, &err), 1);
	CHECK_EQ(cfs_signature_verify(cfs_buf_bytes(&two), &id, &certs, NULL,
				      &err),
		 0);
}

TEST(digests_of_another_algorithm_are_refused)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = open_pair(3);
	struct cfs_digest id = { .alg = CFS_ALG_SHA512 };
	CFS_AUTO(cfs_many_free) struct cfs_many *many = NULL;
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	CHECK_EQ(cfs_many_open(a, CFS_ALG_SHA256, &many, &err), 0);
	CHECK_EQ(cfs_many_sign(many, &id, &out, &err), -EINVAL);
	CHECK_EQ(out.len, 0);
}
