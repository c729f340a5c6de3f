/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/genkey.h"

#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "keys/pem.h"
#include "keys/sign.h"
#include "keys/x509.h"
#include "tests/test.h"
#include "tests/unit/keys/pairs.h"

static struct cfs_err err;

static mode_t mode_of(const char *name)
{
	struct stat st;

	CHECK_EQ(stat(pair_path(name), &st), 0);
	return st.st_mode & 07777;
}

TEST(a_key_pair_signs_and_its_certificate_can_be_told_from_others)
{
	struct cfs_certs certs = { 0 };
	struct cfs_signing *signing = NULL;
	struct cfs_cert_info info;
	X509 *x509 = NULL;

	umask(0077);
	CHECK_EQ(cfs_genkey(pair_path("dev"), "dev key", &err), 0);
	CHECK_EQ(mode_of("dev/key.pem"), 0600);
	CHECK_EQ(mode_of("dev/cert.pem"), 0644);
	CHECK_EQ(cfs_signing_open(pair_path("dev/cert.pem"),
				  pair_path("dev/key.pem"), &signing, &err),
		 0);
	cfs_signing_free(signing);
	CHECK_EQ(cfs_certs_add_file(&certs, pair_path("dev/cert.pem"), &err),
		 1);
	CHECK_EQ(certs.v[0].serial.len, 16);
	CHECK_EQ(cfs_cert_describe(&certs.v[0], &info, &err), 0);
	CHECK(!strcmp(info.subject, "CN=dev key") && !info.expired);
	CHECK_EQ(cfs_cert_decode(&certs.v[0], &x509, &err), 0);
	CHECK_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(x509)), 3072);
	/* what the kernel finds a certificate by when one is embedded */
	CHECK(X509_get0_authority_key_id(x509) &&
	      !ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(x509),
				     X509_get0_subject_key_id(x509)));
	CHECK_EQ(X509_verify(x509, X509_get0_pubkey(x509)), 1);
	X509_free(x509);
	cfs_certs_free(&certs);
}

TEST(two_keys_have_two_serial_numbers)
{
	struct cfs_certs certs = { 0 };

	CHECK_EQ(cfs_genkey(pair_path("one"), "same", &err), 0);
	CHECK_EQ(cfs_genkey(pair_path("two"), "same", &err), 0);
	CHECK_EQ(cfs_certs_add_file(&certs, pair_path("one/cert.pem"), &err),
		 1);
	CHECK_EQ(cfs_certs_add_file(&certs, pair_path("two/cert.pem"), &err),
		 1);
	CHECK(memcmp(certs.v[0].serial.data, certs.v[1].serial.data, 16) != 0);
	cfs_certs_free(&certs);
}

TEST(nothing_is_written_over_and_nothing_left_behind)
{
	char name[66] = "";

	CHECK_EQ(cfs_genkey(getenv("TMPDIR"), "x", &err), -EEXIST);
	CHECK_EQ(cfs_genkey(pair_path("no/such"), "x", &err), -ENOENT);
	CHECK_EQ(cfs_genkey(pair_path("new"), "", &err), -EINVAL);
	memset(name, 'a', sizeof(name) - 1);
	CHECK_EQ(cfs_genkey(pair_path("new"), name, &err), -EINVAL);
	CHECK(access(pair_path("new"), F_OK) < 0);
}
