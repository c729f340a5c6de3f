/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/kernel_check.h"

#include "base/libcrypto.h"
#include "fsverity/signature.h"
#include "tests/fake/keyutils.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;

/* Does the kernel confirm the first signer of the vector @blob, over
 * BIG_SHA512, by the certificate @name? */
static bool confirms(const char *blob, const char *name,
		     struct cfs_certs *ret_certs)
{
	uint8_t der[2048], text[CFS_FORMATTED_MAX];
	struct cfs_bytes in = { der, vector_read(blob, der, sizeof(der)) };
	struct cfs_digest digest;
	struct cfs_bytes data = { text, 0 };
	struct cfs_pkcs7 p7;
	char path[128];

	CHECK_EQ(cfs_digest_from_hex(BIG_SHA512, 128, &digest, &err), 0);
	data.len = cfs_digest_format(&digest, text);
	snprintf(path, sizeof(path), VECTORS "%s.pem", name);
	if (ret_certs->n == 0)
		CHECK_EQ(cfs_certs_add_file(ret_certs, path, &err), 1);
	CHECK_EQ(cfs_pkcs7_parse(in, &p7, &err), 0);
	return cfs_kernel_confirms(&ret_certs->v[0], &p7.v[0], data);
}

/* The first test: nothing has loaded it yet. */
TEST(the_kernel_is_cheaper_until_libcrypto_is_loaded)
{
	CHECK(cfs_kernel_is_cheaper());
	CHECK_EQ(cfs_libcrypto_load(&err), 0);
	CHECK(!cfs_kernel_is_cheaper());
}

TEST(a_signature_by_rsa_is_confirmed_and_another_is_not)
{
	struct cfs_certs certs = { 0 };

	fake_keys_reset();
	CHECK(confirms("rsa512.p7", "rsa", &certs));
	CHECK_STR(fake_keys.verify_info, "enc=pkcs1 hash=sha512");
	CHECK(confirms("md256.p7", "rsa", &certs));
	CHECK_STR(fake_keys.verify_info, "enc=pkcs1 hash=sha256");
	CHECK(!confirms("flipped.p7", "rsa", &certs));
	CHECK_EQ(fake_keys.verified, 3);
	cfs_certs_free(&certs);
}

TEST(a_certificate_is_added_once_and_taken_out_at_the_end)
{
	struct cfs_certs certs = { 0 };

	fake_keys_reset();
	CHECK(confirms("rsa512.p7", "rsa", &certs));
	CHECK(confirms("rsa512.p7", "rsa", &certs));
	CHECK_EQ(fake_keys.borrowed, 1);
	cfs_kernel_forget(&certs);
	CHECK_EQ(fake_keys.borrowed, 0);
	cfs_kernel_forget(&certs);
	CHECK_EQ(fake_keys.borrowed, 0);
	cfs_certs_free(&certs);
}

/* What libcrypto refuses for its size or curve has to be refused by it. */
TEST(the_kernel_is_not_asked_about_other_keys)
{
	static const char *const names[][2] = { { "ec512.p7", "ec" },
						{ "ec384.p7", "ec384" },
						{ "odd.p7", "odd" } };

	fake_keys_reset();
	for (size_t i = 0; i < 3; i++) {
		struct cfs_certs certs = { 0 };

		CHECK(!confirms(names[i][0], names[i][1], &certs));
		cfs_certs_free(&certs);
	}
	CHECK_EQ(fake_keys.borrowed, 0);
	CHECK_EQ(fake_keys.verified, 0);
}

TEST(the_kernel_is_not_asked_where_only_openssl_may_compute)
{
	struct cfs_certs certs = { 0 };

	fake_keys_reset();
	setenv("CFS_HASH", "openssl", 1);
	CHECK(!confirms("rsa512.p7", "rsa", &certs));
	unsetenv("CFS_HASH");
	CHECK_EQ(fake_keys.verified, 0);
	cfs_certs_free(&certs);
}

TEST(a_kernel_that_fails_confirms_nothing)
{
	struct cfs_certs certs = { 0 };

	fake_keys_reset();
	fake_keys.add_errno = EDQUOT;
	CHECK(!confirms("rsa512.p7", "rsa", &certs));
	fake_keys.add_errno = 0;
	fake_keys.verify_errno = EINVAL;
	CHECK(!confirms("rsa512.p7", "rsa", &certs));
	cfs_certs_free(&certs);
}
