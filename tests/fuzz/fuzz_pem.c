/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Properties: what is read is a number of certificates; libcrypto's base64 of
 * each is read back to the same bytes.  What is shown of one is fit for a
 * terminal, or it is no certificate, for a reason; where libcrypto reads the
 * certificate, too, it has the same name, end and size of its key. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "keys/der.h"
#include "keys/pem.h"
#include "keys/x509.h"
#include "tests/fuzz/fuzz.h"

static void read_back(const struct cfs_cert *cert)
{
	CFS_AUTOCERTS struct cfs_certs again = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOFREE unsigned char *base64 = malloc(cert->der.len * 2 + 8);
	struct cfs_err err = { 0 };

	EVP_EncodeBlock(base64, cert->der.data, (int)cert->der.len);
	cfs_buf_addf(&text,
		     "-----BEGIN CERTIFICATE-----\n%s\n"
		     "-----END CERTIFICATE-----\n",
		     base64);
	if (cfs_certs_add(&again, cfs_buf_bytes(&text), "again", &err) != 1 ||
	    !cfs_bytes_same(again.v[0].der, cert->der) ||
	    !cfs_bytes_same(again.v[0].issuer, cert->issuer) ||
	    !cfs_bytes_same(again.v[0].serial, cert->serial))
		abort();
}

static void describe(const struct cfs_cert *cert)
{
	struct cfs_cert_info info;
	struct cfs_err err = { 0 };
	char subject[sizeof(info.subject)];

	if (cfs_cert_describe(cert, &info, &err) < 0) {
		if (!err.msg[0])
			abort();
		return;
	}
	strcpy(subject, info.subject);
	if (strcmp(cfs_text_clean(subject), info.subject) != 0 ||
	    strlen(info.fingerprint) != 64 ||
	    strcmp(cert->name + strlen("sha256:"), info.fingerprint) != 0)
		abort();
}

static void compare_size(const struct cfs_cert *cert, X509 *x509)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	unsigned bits = 0;

	if (key && cfs_cert_is_rsa(cert, &bits) &&
	    EVP_PKEY_get_bits(key) != (int)bits)
		abort();
}

/* Names that are cut are left out. */
static void compare(const struct cfs_cert *cert)
{
	const unsigned char *p = cert->der.data;
	X509 *x509 = d2i_X509(NULL, &p, (long)cert->der.len);
	BIO *bio = BIO_new(BIO_s_mem());
	struct cfs_cert_info info;
	struct cfs_err err = { 0 };
	char text[2 * sizeof(info.subject)] = "";

	if (x509 && cfs_cert_describe(cert, &info, &err) == 0 &&
	    strlen(info.subject) + 1 < sizeof(info.subject)) {
		X509_NAME_print_ex(bio, X509_get_subject_name(x509), 0,
				   XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
		BIO_puts(bio, "|");
		ASN1_TIME_print(bio, X509_get0_notAfter(x509));
		if (BIO_read(bio, text, sizeof(text) - 1) < 0 ||
		    strncmp(text, info.subject, strlen(info.subject)) != 0 ||
		    text[strlen(info.subject)] != '|' ||
		    strcmp(text + strlen(info.subject) + 1, info.not_after))
			abort();
		compare_size(cert, x509);
	}
	BIO_free(bio);
	X509_free(x509);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	struct cfs_bytes text = { data, size };
	struct cfs_err err = { 0 };
	int r = cfs_certs_add(&certs, text, "input", &err);

	if (r == 0 || (r < 0 && (certs.n || !err.msg[0])) ||
	    (r > 0 && certs.n != (unsigned)r))
		abort();
	for (unsigned i = 0; i < certs.n; i++) {
		read_back(&certs.v[i]);
		describe(&certs.v[i]);
		compare(&certs.v[i]);
	}
	return 0;
}
