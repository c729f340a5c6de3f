/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/sign.h"

#include "keys/pkcs7.h"
#include "keys/verify.h"
#include "tests/test.h"
#include "tests/unit/keys/pairs.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;
static struct cfs_digest digest = { .alg = CFS_ALG_SHA512, .bytes = { 1, 2 } };
static const struct cfs_bytes none = { NULL, 0 };

static struct cfs_signing *open_pair(const char *name, const char *how)
{
	struct cfs_signing *signing = NULL;
	char cert[512], key[512];

	snprintf(cert, sizeof(cert), "%s.pem", pair_path(name));
	snprintf(key, sizeof(key), "%s.key", pair_path(name));
	if (access(cert, F_OK) < 0)
		pair_make(name, how);
	CHECK_EQ(cfs_signing_open(cert, key, &signing, &err), 0);
	return signing;
}

static struct cfs_signing *rsa(void)
{
	return open_pair("rsa", "rsa:2048");
}

static struct cfs_signing *ec(void)
{
	return open_pair("ec", "ec -pkeyopt ec_paramgen_curve:P-256");
}

static int verify(const struct cfs_buf *blob, const struct cfs_signing *by)
{
	struct cfs_certs certs = { .n = 1, .v = { *cfs_signing_cert(by) } };

	return cfs_signature_verify(cfs_buf_bytes(blob), &digest, &certs, NULL,
				    &err);
}

static unsigned signers(const struct cfs_buf *blob)
{
	struct cfs_pkcs7 p7;

	CHECK_EQ(cfs_pkcs7_parse(cfs_buf_bytes(blob), &p7, &err), 0);
	return p7.n;
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

TEST(a_signature_is_of_its_signer_and_digest)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa(), *b = ec();
	CFS_AUTOBUF struct cfs_buf one = { 0 };
	CFS_AUTOBUF struct cfs_buf two = { 0 };

	CHECK_EQ(cfs_sign(a, &digest, none, &one, &err), 1);
	CHECK_EQ(cfs_sign(b, &digest, none, &two, &err), 1);
	CHECK_EQ(verify(&one, a), 0);
	CHECK_EQ(verify(&one, b), -ENOKEY);
	CHECK_EQ(verify(&two, b), 0);
	CHECK_EQ(verify(&two, a), -ENOKEY);
	digest.bytes[0]++;
	CHECK_EQ(verify(&one, a), -EKEYREJECTED);
	digest.bytes[0]--;
	CHECK_EQ(signers(&one), 1);
}

TEST(rsa_gives_the_same_bytes_again)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa();
	CFS_AUTOBUF struct cfs_buf one = { 0 };
	CFS_AUTOBUF struct cfs_buf two = { 0 };

	CHECK_EQ(cfs_sign(a, &digest, none, &one, &err), 1);
	CHECK_EQ(cfs_sign(a, &digest, none, &two, &err), 1);
	CHECK(same(&one, &two));
}

TEST(who_has_signed_does_not_sign_again)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *b = ec();
	CFS_AUTOBUF struct cfs_buf one = { 0 };
	CFS_AUTOBUF struct cfs_buf two = { 0 };

	CHECK_EQ(cfs_sign(b, &digest, none, &one, &err), 1);
	CHECK_EQ(cfs_sign(b, &digest, cfs_buf_bytes(&one), &two, &err), 0);
	CHECK(same(&one, &two));
}

TEST(signers_come_together_in_one_blob_in_any_order)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa(), *b = NULL;
	struct cfs_buf blob[5] = { { 0 } };

	b = open_pair("rsa2", "rsa:3072");
	CHECK_EQ(cfs_sign(a, &digest, none, &blob[0], &err), 1);
	CHECK_EQ(cfs_sign(b, &digest, cfs_buf_bytes(&blob[0]), &blob[1], &err),
		 1);
	CHECK_EQ(signers(&blob[1]), 2);
	CHECK_EQ(verify(&blob[1], a), 0);
	CHECK_EQ(verify(&blob[1], b), 0);
	CHECK_EQ(cfs_sign(b, &digest, none, &blob[2], &err), 1);
	CHECK_EQ(cfs_sign(a, &digest, cfs_buf_bytes(&blob[2]), &blob[3], &err),
		 1);
	CHECK(same(&blob[1], &blob[3]));
	CHECK_EQ(cfs_sign(a, &digest, cfs_buf_bytes(&blob[1]), &blob[4], &err),
		 0);
	CHECK(same(&blob[1], &blob[4]));
	for (int i = 0; i < 5; i++)
		cfs_buf_free(&blob[i]);
}

TEST(a_wrong_signature_of_ones_own_is_replaced)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa(), *b = ec();
	CFS_AUTOBUF struct cfs_buf old = { 0 };
	CFS_AUTOBUF struct cfs_buf both = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	CHECK_EQ(cfs_sign(a, &digest, none, &old, &err), 1);
	CHECK_EQ(cfs_sign(b, &digest, cfs_buf_bytes(&old), &both, &err), 1);
	digest.bytes[0]++;
	CHECK_EQ(cfs_sign(a, &digest, cfs_buf_bytes(&both), &out, &err), 1);
	CHECK_EQ(signers(&out), 2);
	CHECK_EQ(verify(&out, a), 0);
	CHECK_EQ(verify(&out, b), -EKEYREJECTED);
	digest.bytes[0]--;
}

TEST(a_file_that_is_no_signature_is_not_signed_over)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa();
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_bytes junk = { (const uint8_t *)"junk", 4 };

	CHECK_EQ(cfs_sign(a, &digest, junk, &out, &err), -EBADMSG);
	CHECK(strstr(err.msg, "the signature so far"));
	CHECK_EQ(out.len, 0);
}

static int attach(const struct cfs_buf *more, const struct cfs_signing *pinned,
		  const struct cfs_buf *old, struct cfs_buf *out)
{
	struct cfs_certs certs = { .n = 1, .v = { *cfs_signing_cert(pinned) } };

	return cfs_signature_attach(cfs_buf_bytes(more), &digest, &certs,
				    cfs_buf_bytes(old), out, &err);
}

TEST(what_another_signed_is_attached_when_pinned)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa(), *b = ec();
	CFS_AUTOBUF struct cfs_buf both = { 0 };
	CFS_AUTOBUF struct cfs_buf first = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	struct cfs_buf empty = { 0 };

	CHECK_EQ(cfs_sign(a, &digest, none, &first, &err), 1);
	CHECK_EQ(cfs_sign(b, &digest, cfs_buf_bytes(&first), &both, &err), 1);
	/* a's is taken out of the two: b is not pinned */
	CHECK_EQ(attach(&both, a, &empty, &out), 1);
	CHECK(same(&out, &first));
	/* it is there already */
	CHECK_EQ(attach(&both, a, &out, &again), 0);
	CHECK(same(&out, &again));
	cfs_buf_free(&again);
	/* b's joins a's */
	CHECK_EQ(attach(&both, b, &out, &again), 1);
	CHECK(same(&again, &both));
	cfs_buf_free(&again);
	CHECK_EQ(attach(&first, b, &empty, &again), -ENOKEY);
	digest.bytes[0]++;
	CHECK_EQ(attach(&first, a, &empty, &again), -EKEYREJECTED);
	digest.bytes[0]--;
	CHECK_EQ(attach(&empty, a, &empty, &again), -ENODATA);
	CHECK(!again.len);
}

TEST(signers_are_taken_out_of_a_blob)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa(), *b = ec();
	const struct cfs_certs first = { .n = 1,
					 .v = { *cfs_signing_cert(a) } };
	const struct cfs_certs both = {
		.n = 2, .v = { *cfs_signing_cert(b), *cfs_signing_cert(a) }
	};
	CFS_AUTOBUF struct cfs_buf blob = { 0 };
	CFS_AUTOBUF struct cfs_buf second = { 0 };
	CFS_AUTOBUF struct cfs_buf rest = { 0 };
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	CFS_AUTOBUF struct cfs_buf empty = { 0 };

	CHECK_EQ(cfs_sign(b, &digest, none, &second, &err), 1);
	CHECK_EQ(cfs_sign(a, &digest, cfs_buf_bytes(&second), &blob, &err), 1);
	CHECK_EQ(signers(&blob), 2);
	CHECK_EQ(cfs_signature_without(cfs_buf_bytes(&blob), &first, &rest,
				       &err),
		 1);
	CHECK(same(&rest, &second));
	CHECK_EQ(cfs_signature_without(cfs_buf_bytes(&rest), &first, &again,
				       &err),
		 0);
	CHECK(same(&again, &rest));
	CHECK_EQ(cfs_signature_without(cfs_buf_bytes(&blob), &both, &empty,
				       &err),
		 2);
	CHECK_EQ(empty.len, 0);
	CHECK_EQ(cfs_signature_without(none, &both, &empty, &err), -ENODATA);
	blob.data[0] ^= 1;
	CHECK_EQ(cfs_signature_without(cfs_buf_bytes(&blob), &both, &empty,
				       &err),
		 -EBADMSG);
}

TEST(pairs_that_cannot_sign_are_refused_in_words)
{
	struct cfs_signing *ret = NULL;
	char cert[512], key[512];

	/* Their files are what is wanted of them. */
	cfs_signing_free(rsa());
	cfs_signing_free(ec());
	snprintf(cert, sizeof(cert), "%s", pair_path("rsa.pem"));
	snprintf(key, sizeof(key), "%s", pair_path("ec.key"));
	CHECK_EQ(cfs_signing_open(cert, key, &ret, &err), -EKEYREJECTED);
	CHECK(strstr(err.msg, "certificate public key does not match the "
			      "provided private key"));
	CHECK_EQ(cfs_signing_open(cert, cert, &ret, &err), -EBADMSG);
	CHECK_EQ(cfs_signing_open(key, key, &ret, &err), -EBADMSG);
	CHECK_EQ(cfs_signing_open(cert, "/nonexistent", &ret, &err), -ENOENT);
	CHECK_EQ(cfs_signing_open("/nonexistent", key, &ret, &err), -ENOENT);
	pair_make("ed", "ed25519");
	CHECK_EQ(cfs_signing_open(pair_path("ed.pem"), pair_path("ed.key"),
				  &ret, &err),
		 -ENOPKG);
	CHECK(strstr(err.msg, "ED25519 key"));
	pair_make("pss", "rsa-pss -pkeyopt rsa_keygen_bits:2048");
	CHECK_EQ(cfs_signing_open(pair_path("pss.pem"), pair_path("pss.key"),
				  &ret, &err),
		 -ENOPKG);
	CHECK(strstr(err.msg, "RSA-PSS key"));
	pair_make("odd", "rsa:2560");
	CHECK_EQ(cfs_signing_open(pair_path("odd.pem"), pair_path("odd.key"),
				  &ret, &err),
		 -ENOPKG);
	CHECK(strstr(err.msg, "2560 bits"));
	CHECK(!ret);
}

TEST(of_a_bundle_the_certificate_of_the_key_signs)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *a = rsa(), *b = ec();
	CFS_AUTO(cfs_signing_free) struct cfs_signing *c = NULL;
	char cmd[2048];

	snprintf(cmd, sizeof(cmd), "cat '%s' '%s' > '%s'", pair_path("rsa.pem"),
		 pair_path("ec.pem"), pair_path("both.pem"));
	CHECK_EQ(system(cmd), 0);
	CHECK_EQ(cfs_signing_open(pair_path("both.pem"), pair_path("ec.key"),
				  &c, &err),
		 0);
	CHECK_EQ(cfs_signing_cert(c)->der.len, cfs_signing_cert(b)->der.len);
	CHECK(cfs_signing_cert(c)->der.len != cfs_signing_cert(a)->der.len);
	cfs_signing_free(NULL);
}
