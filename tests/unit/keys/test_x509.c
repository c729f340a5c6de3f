/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/x509.h"

#include "base/libcrypto.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

#define OLD_FINGERPRINT                    \
	"2e80b7c4645f4d5be563ec8501ba2bf0" \
	"d064f9b8110290584cfde94dd5017717"

#define RSA_SERIAL "4c1fe65d87ee12dc723f9825e5510911bbddbd43"

static struct cfs_err err;

static void load(const char *name, struct cfs_certs *certs)
{
	char path[128];

	snprintf(path, sizeof(path), VECTORS "%s.pem", name);
	CHECK_EQ(cfs_certs_add_file(certs, path, &err), 1);
}

/* Source: openssl x509 -in old.pem -noout -subject -enddate -fingerprint
 * -sha256; 2001-01-01 is past on every machine. */
TEST(a_certificate_is_described)
{
	struct cfs_certs certs = { 0 };
	struct cfs_cert_info info;

	load("old", &certs);
	CHECK_EQ(cfs_cert_describe(&certs.v[0], &info, &err), 0);
	CHECK(!strcmp(info.subject, "CN=composefs test old"));
	CHECK(!strcmp(info.not_after, "Jan  1 00:00:00 2001 GMT"));
	CHECK(info.expired);
	CHECK(!strcmp(info.fingerprint, OLD_FINGERPRINT));
	cfs_certs_free(&certs);
	load("rsa", &certs);
	CHECK_EQ(cfs_cert_describe(&certs.v[0], &info, &err), 0);
	CHECK(!info.expired);
	cfs_certs_free(&certs);
}

TEST(a_frame_that_is_no_certificate_is_refused)
{
	/* The frame passes (keys/der.h), X.509 does not. */
	static const uint8_t tiny[] = { 0x30, 18, 0x30, 7,    2,    1, 7,
					0x30, 0,  0x30, 0,    0x30, 0, 3,
					5,    0,  0xf8, 0xff, 0xee, 1 };
	struct cfs_certs certs = { 0 };
	struct cfs_cert_info info;
	struct cfs_bytes in = { tiny, sizeof(tiny) };

	CHECK_EQ(cfs_certs_add(&certs, in, "tiny.der", &err), 1);
	CHECK_EQ(cfs_cert_describe(&certs.v[0], &info, &err), -EBADMSG);
	CHECK(strstr(err.msg, "tiny.der"));
	cfs_certs_free(&certs);
}

/* Source: openssl x509 -in rsa.pem -noout -issuer -serial. */
TEST(a_signer_is_described_by_issuer_and_serial_number)
{
	struct cfs_certs certs = { 0 };
	struct cfs_signer signer = { 0 };
	struct cfs_signer_info info;

	load("rsa", &certs);
	signer.issuer = certs.v[0].issuer;
	signer.serial = certs.v[0].serial;
	CHECK_EQ(cfs_signer_describe(&signer, &info, &err), 0);
	CHECK(!strcmp(info.issuer, "CN=composefs test rsa"));
	CHECK(!strcmp(info.serial, RSA_SERIAL));
	cfs_certs_free(&certs);
}

TEST(a_serial_number_is_written_as_openssl_writes_it)
{
	static const uint8_t name[] = { 0x30, 0 };
	static const struct {
		struct cfs_bytes serial;
		const char *text;
	} cases[] = {
		{ { (const uint8_t *)"\x00", 1 }, "00" },
		{ { (const uint8_t *)"\x00\x80", 2 }, "80" },
		{ { (const uint8_t *)"\x0a\x00", 2 }, "0a00" },
	};

	for (size_t i = 0; i < 3; i++) {
		struct cfs_signer signer = { .issuer = { name, 2 },
					     .serial = cases[i].serial };
		struct cfs_signer_info info;

		CHECK_EQ(cfs_signer_describe(&signer, &info, &err), 0);
		CHECK(!strcmp(info.issuer, ""));
		CHECK(!strcmp(info.serial, cases[i].text));
	}
}

TEST(a_long_serial_number_is_cut_and_a_bad_issuer_refused)
{
	static const uint8_t name[] = { 0x30, 0, 0x30 };
	uint8_t serial[200];
	struct cfs_signer signer = { .issuer = { name, 2 },
				     .serial = { serial, sizeof(serial) } };
	struct cfs_signer_info info;

	memset(serial, 0xab, sizeof(serial));
	CHECK_EQ(cfs_signer_describe(&signer, &info, &err), 0);
	CHECK_EQ(strlen(info.serial), 128);
	signer.issuer.len = 3;
	CHECK_EQ(cfs_signer_describe(&signer, &info, &err), -EBADMSG);
	signer.issuer.len = 1;
	CHECK_EQ(cfs_signer_describe(&signer, &info, &err), -EBADMSG);
}

/* Is its key the one that libcrypto's decoder of certificates finds? */
static bool has_same_key(const char *name)
{
	struct cfs_certs certs = { 0 };
	EVP_PKEY *key = NULL;
	X509 *x509 = NULL;
	bool same;

	load(name, &certs);
	CHECK_EQ(cfs_cert_decode(&certs.v[0], &x509, &err), 0);
	CHECK_EQ(cfs_cert_key(&certs.v[0], &key, &err), 0);
	same = EVP_PKEY_eq(key, X509_get0_pubkey(x509)) == 1;
	EVP_PKEY_free(key);
	X509_free(x509);
	cfs_certs_free(&certs);
	return same;
}

TEST(the_key_of_a_certificate_is_decoded_alone)
{
	CHECK(has_same_key("rsa"));
	CHECK(has_same_key("rsa2"));
	CHECK(has_same_key("ec"));
	CHECK(has_same_key("old"));
}

TEST(a_certificate_without_a_key_is_refused)
{
	struct cfs_certs certs = { 0 };
	EVP_PKEY *key = NULL;
	uint8_t *der;

	load("rsa", &certs);
	/* BIT STRING, unused bits, RSAPublicKey: a byte shorter than what it is
	 * in. */
	der = memmem(certs.v[0].der.data, certs.v[0].der.len,
		     "\x03\x82\x01\x8f\x00\x30\x82\x01\x8a", 9);
	CHECK(der);
	der[8] = 0x89;
	CHECK(cfs_cert_key(&certs.v[0], &key, &err) < 0);
	CHECK(strstr(err.msg, "rsa.pem"));
	cfs_certs_free(&certs);
}

static int usable(const char *name)
{
	struct cfs_certs certs = { 0 };
	X509 *x509 = NULL;
	int r;

	load(name, &certs);
	CHECK_EQ(cfs_cert_decode(&certs.v[0], &x509, &err), 0);
	r = cfs_pkey_usable(X509_get0_pubkey(x509), &err);
	X509_free(x509);
	cfs_certs_free(&certs);
	return r;
}

/* Source: add_key(2) on Linux 6.12 and 7.2: EINVAL for RSA of 2560 bits,
 * ENOPKG for Ed25519. */
TEST(keys_that_kernels_take_are_usable_and_others_are_not)
{
	EVP_PKEY *key;

	CHECK_EQ(cfs_libcrypto_load(&err), 0);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
	CHECK_EQ(usable("rsa"), 0);
	CHECK_EQ(usable("rsa2"), 0);
	CHECK_EQ(usable("ec"), 0);
	CHECK_EQ(usable("ec384"), 0);
	CHECK_EQ(usable("odd"), -ENOPKG);
	CHECK(strstr(err.msg, "2560 bits"));
	CHECK_EQ(usable("ed"), -ENOPKG);
	CHECK(strstr(err.msg, "ED25519 key"));
	CHECK(key);
	CHECK_EQ(cfs_pkey_usable(key, &err), -ENOPKG);
	CHECK(strstr(err.msg, "secp256k1"));
	EVP_PKEY_free(key);
}

/* By our own reading and by libcrypto's; 0: not RSA. */
static void check_bits(const char *name, unsigned want)
{
	struct cfs_certs certs = { 0 };
	EVP_PKEY *key = NULL;
	unsigned bits = 0;

	load(name, &certs);
	CHECK_EQ(cfs_cert_is_rsa(&certs.v[0], &bits), want > 0);
	CHECK_EQ(bits, want);
	CHECK_EQ(cfs_cert_key(&certs.v[0], &key, &err), 0);
	CHECK(want == 0 || EVP_PKEY_get_bits(key) == (int)want);
	EVP_PKEY_free(key);
	cfs_certs_free(&certs);
}

TEST(the_size_of_an_rsa_key_is_known_without_libcrypto)
{
	check_bits("rsa", 3072);
	check_bits("rsa2", 2048);
	check_bits("odd", 2560);
	check_bits("ec", 0);
	check_bits("ed", 0);
}

static uint8_t *find(struct cfs_certs *certs, const char *bytes, size_t len)
{
	uint8_t *at =
		memmem(certs->v[0].der.data, certs->v[0].der.len, bytes, len);

	CHECK(at);
	return at;
}

/* A modulus whose upper bits are zero is not as long as its bytes. */
TEST(the_size_of_a_key_is_that_of_the_number)
{
	struct cfs_certs certs = { 0 };
	unsigned bits = 0;
	uint8_t *n;

	load("rsa", &certs);
	/* INTEGER of 385 bytes, the first of them zero. */
	n = find(&certs, "\x02\x82\x01\x81\x00", 5) + 5;
	*n = 0x1f;
	CHECK(cfs_cert_is_rsa(&certs.v[0], &bits));
	CHECK_EQ(bits, 3069);
	*n = 0;
	CHECK(!cfs_cert_is_rsa(&certs.v[0], &bits));
	cfs_certs_free(&certs);
	CHECK(cfs_rsa_usable(2048) && cfs_rsa_usable(3072) &&
	      cfs_rsa_usable(4096));
	CHECK(!cfs_rsa_usable(1024) && !cfs_rsa_usable(3069));
}

/* The same certificate with a name that only libcrypto can write. */
TEST(a_certificate_of_an_unusual_name_is_described)
{
	struct cfs_certs certs = { 0 };
	struct cfs_cert_info info;
	uint8_t *issuer, *subject;
	struct cfs_bytes der;

	load("old", &certs);
	der = certs.v[0].der;
	issuer = find(&certs, "composefs test old", 18);
	/* It signed itself: the subject is the second one. */
	subject = memmem(issuer + 1, der.len - (size_t)(issuer + 1 - der.data),
			 "composefs test old", 18);
	CHECK(subject);
	subject[9] = ',';
	CHECK_EQ(cfs_cert_describe(&certs.v[0], &info, &err), 0);
	CHECK_STR(info.subject, "CN=composefs\\,test old");
	CHECK_STR(info.not_after, "Jan  1 00:00:00 2001 GMT");
	CHECK(info.expired);
	cfs_certs_free(&certs);
}

TEST(there_is_always_a_reason)
{
	char why[CFS_OPENSSL_WHY];

	CHECK_EQ(cfs_libcrypto_load(&err), 0);
	CHECK(*cfs_openssl_why(why));
}
