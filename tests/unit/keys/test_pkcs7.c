/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/pkcs7.h"

#include "fsverity/enable.h"
#include "tests/fake/keyutils.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;
static struct cfs_digest digest;

static int check_vector(struct vector *v, unsigned *ret_cert)
{
	struct cfs_bytes der = { v->der, v->der_len };

	return cfs_pkcs7_check(der, &v->digest, &v->certs, ret_cert, &err);
}

static void answers_as_expected(struct vector *v)
{
	unsigned cert = 99;
	int r = check_vector(v, &cert);

	if (r != v->want)
		printf("# %s: %d (%s), expected %d\n", v->blob, r, err.msg,
		       v->want);
	CHECK_EQ(r, v->want);
	CHECK_EQ((cert != 99), (r == 0));
	/* Never a yes where the kernel says no. */
	CHECK(v->kernel == 0 || r < 0);
	CHECK_EQ(fake_keys.borrowed, 0);
}

TEST(every_vector_is_answered_as_expected)
{
	fake_keys_reset();
	CHECK(vectors_each(answers_as_expected) >= 35);
}

static void says_which(struct vector *v)
{
	unsigned cert = 99;

	if (v->certs.n == 3 && check_vector(v, &cert) == 0)
		CHECK_EQ(cert, 2);
	CHECK(v->certs.n != 3 || cert == 2);
}

TEST(the_certificate_that_vouched_is_named_by_its_place)
{
	CHECK(vectors_each(says_which));
}

static struct vector good_rsa, good_ec;

static void pick(struct vector *v)
{
	struct vector *to = !strcmp(v->blob, "rsa256.p7")  ? &good_rsa
			    : !strcmp(v->blob, "ec512.p7") ? &good_ec
							   : NULL;

	if (!to || v->want || to->der_len)
		return;
	*to = *v;
	v->certs.n = 0; /* handed over */
}

static void fetch(void)
{
	fake_keys_reset();
	good_rsa.der_len = good_ec.der_len = 0;
	vectors_each(pick);
	CHECK(good_rsa.der_len && good_ec.der_len);
}

static void drop(void)
{
	cfs_certs_free(&good_rsa.certs);
	cfs_certs_free(&good_ec.certs);
}

TEST(the_kernel_is_asked_with_the_names_it_knows)
{
	fetch();
	CHECK_EQ(check_vector(&good_rsa, NULL), 0);
	CHECK(!strcmp(fake_keys.verify_info, "enc=pkcs1 hash=sha256"));
	CHECK_EQ(check_vector(&good_ec, NULL), 0);
	CHECK(!strcmp(fake_keys.verify_info, "enc=x962 hash=sha512"));
	drop();
}

/* Source: keyctl_pkey_verify(3), add_key(2) and sealing tables 5.2, 7.3. */
TEST(answers_of_the_kernel_keep_their_meaning)
{
	static const struct {
		int verify, add, want;
	} table[] = {
		{ EKEYREJECTED, 0, -EKEYREJECTED },
		{ EBADMSG, 0, -EKEYREJECTED },
		{ EINVAL, 0, -EKEYREJECTED },
		{ ENOPKG, 0, -ENOPKG },
		{ EOPNOTSUPP, 0, -ENOPKG },
		{ ENOMEM, 0, -ENOMEM },
		{ EACCES, 0, -EACCES },
		{ 0, ENOPKG, -ENOPKG },
		{ 0, ENOENT, -ENOPKG },
		{ 0, ENODEV, -ENOPKG },
		{ 0, EINVAL, -ENOPKG },
		{ 0, EBADMSG, -EBADMSG },
		{ 0, EDQUOT, -EDQUOT },
	};

	fetch();
	for (size_t i = 0; i < CFS_ARRAY_SIZE(table); i++) {
		fake_keys = (struct fake_keys){ .verify_errno = table[i].verify,
						.add_errno = table[i].add };
		err = (struct cfs_err){ 0 };
		CHECK_EQ(check_vector(&good_rsa, NULL), table[i].want);
		CHECK_EQ(err.code, -table[i].want);
		CHECK(err.msg[0]);
		CHECK_EQ(fake_keys.borrowed, 0);
	}
	drop();
}

TEST(no_bytes_are_no_signature_and_too_many_are_malformed)
{
	static uint8_t zeros[CFS_SIGNATURE_MAX + 1];
	struct cfs_certs certs = { 0 };
	struct cfs_bytes none = { NULL, 0 };

	digest.alg = CFS_ALG_SHA256;
	CHECK_EQ(cfs_pkcs7_check(none, &digest, &certs, NULL, &err), -ENODATA);
	for (size_t i = 1; i <= sizeof(zeros); i += 4032) {
		struct cfs_bytes in = { zeros, i };

		CHECK_EQ(cfs_pkcs7_check(in, &digest, &certs, NULL, &err),
			 -EBADMSG);
	}
}

/* Whatever one bit of a blob is turned into, it is no signature any more. */
TEST(every_flipped_bit_is_noticed)
{
	struct cfs_pkcs7 p7;
	struct cfs_bytes der;
	size_t notes = 0;

	fetch();
	der = (struct cfs_bytes){ good_rsa.der, good_rsa.der_len };
	CHECK_EQ(cfs_pkcs7_parse(der, &p7, &err), 0);
	CHECK_EQ(p7.n, 1);
	for (size_t i = 0; i < good_rsa.der_len * 8; i++) {
		int r;

		good_rsa.der[i / 8] ^= (uint8_t)(1 << i % 8);
		r = check_vector(&good_rsa, NULL);
		good_rsa.der[i / 8] ^= (uint8_t)(1 << i % 8);
		/* The list of algorithms in front says nothing that counts:
		 * those the signers name themselves do. */
		notes += r == 0;
		CHECK(r < 0 || (i / 8 >= 26 && i / 8 < 43));
	}
	CHECK(notes < 17 * 8);
	CHECK_EQ(check_vector(&good_rsa, NULL), 0);
	drop();
}

TEST(every_shortened_blob_is_refused)
{
	struct cfs_pkcs7 p7;

	fetch();
	for (size_t len = 1; len < good_rsa.der_len; len++) {
		struct cfs_bytes der = { good_rsa.der, len };

		CHECK_EQ(cfs_pkcs7_parse(der, &p7, &err), -EBADMSG);
	}
	drop();
}

/* rsa256.p7 (openssl asn1parse): four lengths hold its one signer, of 480
 * bytes at 60.  Makes it one of @n times the same. */
static size_t repeat_signer(const uint8_t *one, unsigned n, uint8_t *ret)
{
	static const uint8_t lengths[] = { 2, 17, 21, 58 };

	memcpy(ret, one, 60);
	for (unsigned i = 0; i < 4; i++) {
		uint8_t *at = ret + lengths[i];
		unsigned len = (unsigned)(at[0] << 8 | at[1]) + n * 480 - 480;

		at[0] = (uint8_t)(len >> 8);
		at[1] = (uint8_t)len;
	}
	for (unsigned i = 0; i < n; i++)
		memcpy(ret + 60 + i * 480, one + 60, 480);
	return 60 + n * 480;
}

TEST(sixteen_signers_are_allowed)
{
	static uint8_t blob[60 + 17 * 480];
	struct cfs_bytes der = { blob, 0 };
	struct cfs_pkcs7 p7;

	fetch();
	CHECK_EQ(good_rsa.der_len, 540);
	der.len = repeat_signer(good_rsa.der, 16, blob);
	CHECK_EQ(cfs_pkcs7_parse(der, &p7, &err), 0);
	CHECK_EQ(p7.n, 16);
	CHECK_EQ(cfs_pkcs7_check(der, &good_rsa.digest, &good_rsa.certs, NULL,
				 &err),
		 0);
	der.len = repeat_signer(good_rsa.der, 17, blob);
	CHECK_EQ(cfs_pkcs7_parse(der, &p7, &err), -EBADMSG);
	CHECK(strstr(err.msg, "more than 16 signers"));
	drop();
}

TEST(a_blob_without_signers_is_refused)
{
	/* ContentInfo { signedData, SignedData { 1, {}, { data }, {} } } */
	static const uint8_t blob[] = {
		0x30, 35,   0x06, 9,	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x07, 0x02, 0xa0, 22,   0x30, 20,	  0x02, 1,    1,
		0x31, 0,    0x30, 11,	0x06, 9,    0x2a, 0x86, 0x48, 0x86,
		0xf7, 0x0d, 0x01, 0x07, 0x01, 0x31, 0
	};
	struct cfs_bytes der = { blob, sizeof(blob) };
	struct cfs_pkcs7 p7;

	CHECK_EQ(cfs_pkcs7_parse(der, &p7, &err), -EBADMSG);
	CHECK(strstr(err.msg, "without a signer"));
}
