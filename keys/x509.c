/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/x509.h"

#include <string.h>

#include "base/libcrypto.h"

CFS_DEFINE_AUTO(X509, X509_free);
CFS_DEFINE_AUTO(X509_NAME, X509_NAME_free);
CFS_DEFINE_AUTO(BIO, BIO_free_all);

const char *cfs_openssl_why(char buf[static CFS_OPENSSL_WHY])
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	snprintf(buf, CFS_OPENSSL_WHY, "%s",
		 reason ? reason : "libcrypto does not say why");
	ERR_clear_error();
	return buf;
}

int cfs_cert_decode(const struct cfs_cert *cert, struct x509_st **ret,
		    struct cfs_err *err)
{
	const unsigned char *p = cert->der.data;
	CFS_AUTO(X509_free) X509 *x509 = NULL;
	char why[CFS_OPENSSL_WHY];
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	x509 = d2i_X509(NULL, &p, (long)cert->der.len);
	/* All of the bytes: what is fingerprinted is what is decoded. */
	if (!x509 || p != cert->der.data + cert->der.len)
		return cfs_fail(err, EBADMSG,
				"%s: no X.509 certificate in it: %s",
				cert->file, cfs_openssl_why(why));
	*ret = cfs_steal_ptr(&x509);
	return 0;
}

/* Takes what @bio holds as text; long text is cut. */
static void drain(BIO *bio, char *ret, size_t size)
{
	int n = BIO_read(bio, ret, (int)size - 1);

	ret[n > 0 ? n : 0] = '\0';
	(void)BIO_reset(bio);
}

static void print_name(BIO *bio, const X509_NAME *name, char *ret, size_t size)
{
	/* UTF-8 stays as it is, where it would be escaped byte by byte; who
	 * prints it cleans it. */
	X509_NAME_print_ex(bio, name, 0,
			   XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	drain(bio, ret, size);
}

int cfs_cert_describe(const struct cfs_cert *cert, struct cfs_cert_info *ret,
		      struct cfs_err *err)
{
	CFS_AUTO(BIO_free_all) BIO *bio = NULL;
	CFS_AUTO(X509_free) X509 *x509 = NULL;
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int r = cfs_cert_decode(cert, &x509, err);

	if (r < 0)
		return r;
	bio = BIO_new(BIO_s_mem());
	if (!bio || X509_digest(x509, EVP_sha256(), sum, &n) != 1 || n != 32)
		return cfs_no_memory(err);
	*ret = (struct cfs_cert_info){ 0 };
	for (unsigned i = 0; i < n; i++)
		snprintf(ret->fingerprint + 2 * i, 3, "%02x", sum[i]);
	print_name(bio, X509_get_subject_name(x509), ret->subject,
		   sizeof(ret->subject));
	ASN1_TIME_print(bio, X509_get0_notAfter(x509));
	drain(bio, ret->not_after, sizeof(ret->not_after));
	ret->expired = X509_cmp_current_time(X509_get0_notAfter(x509)) < 0;
	return 0;
}

/* Leading zeros are DER's business: certificates are told by the number. */
static void print_serial(struct cfs_bytes serial, char *ret, size_t size)
{
	size_t len = 0;

	while (serial.len > 1 && serial.data[0] == 0) {
		serial.data++;
		serial.len--;
	}
	for (size_t i = 0; i < serial.len && len + 2 < size; i++)
		len += (size_t)snprintf(ret + len, size - len, "%02x",
					serial.data[i]);
}

int cfs_signer_describe(const struct cfs_signer *signer,
			struct cfs_signer_info *ret, struct cfs_err *err)
{
	const unsigned char *p = signer->issuer.data;
	CFS_AUTO(X509_NAME_free) X509_NAME *name = NULL;
	CFS_AUTO(BIO_free_all) BIO *bio = NULL;
	char why[CFS_OPENSSL_WHY];
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	name = d2i_X509_NAME(NULL, &p, (long)signer->issuer.len);
	if (!name || p != signer->issuer.data + signer->issuer.len)
		return cfs_fail(err, EBADMSG,
				"the issuer of a signer's certificate is no "
				"X.509 name: %s",
				cfs_openssl_why(why));
	bio = BIO_new(BIO_s_mem());
	if (!bio)
		return cfs_no_memory(err);
	*ret = (struct cfs_signer_info){ 0 };
	print_name(bio, name, ret->issuer, sizeof(ret->issuer));
	print_serial(signer->serial, ret->serial, sizeof(ret->serial));
	return 0;
}

/* What kernels take in FIPS mode, too.
 * Source: linux crypto/rsa.c, rsa_check_key_length(). */
static bool is_usable_rsa(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return bits == 2048 || bits == 3072 || bits == 4096;
}

/* Curves have several names; providers differ in which one they tell. */
static bool is_usable_curve(const char *name)
{
	static const char *const known[] = { "prime256v1", "P-256",
					     "secp384r1",  "P-384",
					     "secp521r1",  "P-521" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(known); i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

int cfs_pkey_usable(const struct evp_pkey_st *key, struct cfs_err *err)
{
	const char *type = EVP_PKEY_get0_type_name(key);
	char curve[80] = "";

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		if (is_usable_rsa(key))
			return 0;
		return cfs_fail(err, ENOPKG,
				"RSA key of %d bits: the kernel takes 2048, "
				"3072 and 4096",
				EVP_PKEY_get_bits(key));
	case EVP_PKEY_EC:
		(void)EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL);
		if (is_usable_curve(curve))
			return 0;
		return cfs_fail(err, ENOPKG,
				"key on the curve %s: the kernel takes P-256, "
				"P-384 and P-521",
				*curve ? curve : "without a name");
	default:
		return cfs_fail(err, ENOPKG,
				"%s key: the kernel takes no such key for "
				"fs-verity; use RSA (2048, 3072, 4096 bits) or "
				"ECDSA (P-256, P-384, P-521)",
				type ? type : "unknown");
	}
}
