/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/verify.h"

#include "keys/kernel_check.h"
#include "tests/fake/keyutils.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;

static void answers_as_expected(struct vector *v)
{
	struct cfs_bytes der = { v->der, v->der_len };
	unsigned cert = 99;
	int r = cfs_signature_verify(der, &v->digest, &v->certs, &cert, &err);

	if (r != v->want)
		printf("# %s: %d (%s), expected %d\n", v->blob, r, err.msg,
		       v->want);
	CHECK_EQ(r, v->want);
	CHECK_EQ((cert != 99), (r == 0));
	CHECK(v->kernel == 0 || r < 0);
}

/* The same table as test_pkcs7.c: two kinds of arithmetic, one judgement. */
TEST(every_vector_is_answered_as_expected)
{
	CHECK(vectors_each(answers_as_expected) >= 35);
}

static void is_confirmed_as_expected(struct vector *v)
{
	struct cfs_bytes der = { v->der, v->der_len };
	unsigned cert = 99;
	int r = cfs_signature_confirm(der, &v->digest, &v->certs, &cert, &err);

	if (r != v->want)
		printf("# %s: %d (%s), expected %d\n", v->blob, r, err.msg,
		       v->want);
	CHECK_EQ(r, v->want);
	CHECK_EQ((cert != 99), (r == 0));
	cfs_kernel_forget(&v->certs);
	CHECK_EQ(fake_keys.borrowed, 0);
}

TEST(every_vector_is_answered_the_same_when_the_kernel_is_asked_first)
{
	fake_keys_reset();
	CHECK(vectors_each(is_confirmed_as_expected) >= 35);
	CHECK(fake_keys.verified >= 10);
}

/* Containers may not add keys, and kernels lack algorithms. */
TEST(every_vector_is_answered_the_same_where_the_kernel_does_not_help)
{
	fake_keys_reset();
	fake_keys.add_errno = EPERM;
	CHECK(vectors_each(is_confirmed_as_expected) >= 35);
	CHECK_EQ(fake_keys.verified, 0);
	fake_keys_reset();
	fake_keys.verify_errno = ENOPKG;
	CHECK(vectors_each(is_confirmed_as_expected) >= 35);
}

static int verify_file(const char *blob, const char *cert)
{
	struct cfs_certs certs = { 0 };
	struct cfs_digest digest;
	uint8_t data[2048];
	struct cfs_bytes der = { data, vector_read(blob, data, sizeof(data)) };
	char path[128];
	int r;

	snprintf(path, sizeof(path), VECTORS "%s", cert);
	CHECK_EQ(cfs_certs_add_file(&certs, path, &err), 1);
	CHECK_EQ(cfs_digest_from_hex(BIG_SHA512, 128, &digest, &err), 0);
	r = cfs_signature_verify(der, &digest, &certs, NULL, &err);
	cfs_certs_free(&certs);
	return r;
}

/* add_key(2) answers EINVAL to an RSA key of 2560 bits, so no kernel has it. */
TEST(a_key_that_no_kernel_takes_vouches_for_nothing)
{
	CHECK_EQ(verify_file("odd.p7", "odd.pem"), -ENOPKG);
	CHECK(strstr(err.msg, "2560 bits"));
}

TEST(nothing_is_no_signature)
{
	struct cfs_certs certs = { 0 };
	struct cfs_digest digest = { .alg = CFS_ALG_SHA256 };
	struct cfs_bytes none = { NULL, 0 };

	CHECK_EQ(cfs_signature_verify(none, &digest, &certs, NULL, &err),
		 -ENODATA);
}
