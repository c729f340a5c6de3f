/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/x509.h"

#include <string.h>
#include <time.h>

#include "base/libcrypto.h"
#include "keys/der.h"
#include "keys/x509_words.h"

CFS_DEFINE_AUTO(X509, X509_free);
CFS_DEFINE_AUTO(X509_NAME, X509_NAME_free);
CFS_DEFINE_AUTO(ASN1_TIME, ASN1_TIME_free);
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

/* Elements of a certificate. */
struct parts {
	struct cfs_bytes not_after, subject; /* whole */
	struct cfs_bytes key_info;	     /* the contents */
};

/* Takes @cert apart.  Source: RFC 5280, 4.1. */
static bool take_apart(const struct cfs_cert *cert, struct parts *ret)
{
	struct cfs_bytes der = cert->der, outer, tbs, validity, none;

	if (!cfs_der_take(&der, CFS_DER_SEQUENCE, &outer, NULL) ||
	    !cfs_der_take(&outer, CFS_DER_SEQUENCE, &tbs, NULL))
		return false;
	if (cfs_der_is(tbs, CFS_DER_CONTEXT(0)) && !cfs_der_skip(&tbs))
		return false;
	/* serialNumber, signature, issuer */
	if (!cfs_der_skip(&tbs) || !cfs_der_skip(&tbs) || !cfs_der_skip(&tbs) ||
	    !cfs_der_take(&tbs, CFS_DER_SEQUENCE, &validity, NULL) ||
	    !cfs_der_skip(&validity))
		return false;
	ret->not_after = validity;
	return cfs_der_take(&tbs, CFS_DER_SEQUENCE, &none, &ret->subject) &&
	       cfs_der_take(&tbs, CFS_DER_SEQUENCE, &ret->key_info, NULL);
}

static int no_certificate(const struct cfs_cert *cert, struct cfs_err *err)
{
	char why[CFS_OPENSSL_WHY];

	return cfs_fail(err, EBADMSG, "%s: no X.509 certificate in it: %s",
			cert->file, cfs_openssl_why(why));
}

int cfs_cert_decode(const struct cfs_cert *cert, struct x509_st **ret,
		    struct cfs_err *err)
{
	const unsigned char *p = cert->der.data;
	CFS_AUTO(X509_free) X509 *x509 = NULL;
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	x509 = d2i_X509(NULL, &p, (long)cert->der.len);
	/* All of the bytes: what is fingerprinted is what is decoded. */
	if (!x509 || p != cert->der.data + cert->der.len)
		return no_certificate(cert, err);
	*ret = cfs_steal_ptr(&x509);
	return 0;
}

bool cfs_x509_is_rsa(struct cfs_bytes algorithm)
{
	static const uint8_t rsa_encryption[] = { 0x06, 0x09, 0x2a, 0x86, 0x48,
						  0x86, 0xf7, 0x0d, 0x01, 0x01,
						  0x01, 0x05, 0x00 };
	const struct cfs_bytes wanted = { rsa_encryption,
					  sizeof(rsa_encryption) };

	return cfs_bytes_same(algorithm, wanted);
}

/* Finds the RSAPublicKey in a subjectPublicKeyInfo.  Returns false if the key
 * is of another kind. */
static bool find_rsa(struct cfs_bytes info, struct cfs_bytes *ret)
{
	struct cfs_bytes alg, bits;

	if (!cfs_der_take(&info, CFS_DER_SEQUENCE, &alg, NULL) ||
	    !cfs_x509_is_rsa(alg) ||
	    !cfs_der_take(&info, CFS_DER_BIT_STRING, &bits, NULL) ||
	    info.len > 0 || bits.len < 1 || bits.data[0] != 0)
		return false;
	*ret = (struct cfs_bytes){ bits.data + 1, bits.len - 1 };
	return true;
}

/* Source: RFC 8017, A.1.1: a sequence of two numbers.  The first byte of a
 * number above zero is zero where its first bit would be set. */
bool cfs_cert_is_rsa(const struct cfs_cert *cert, unsigned *ret_bits)
{
	struct cfs_bytes rsa, key, n, e;
	struct parts parts;
	unsigned bits;

	if (!take_apart(cert, &parts) || !find_rsa(parts.key_info, &rsa) ||
	    !cfs_der_take(&rsa, CFS_DER_SEQUENCE, &key, NULL) || rsa.len ||
	    !cfs_der_take(&key, CFS_DER_INTEGER, &n, NULL) ||
	    !cfs_der_take(&key, CFS_DER_INTEGER, &e, NULL) || key.len)
		return false;
	if (n.len > 1 && n.data[0] == 0) {
		n.data++;
		n.len--;
	}
	if (n.len < 1 || n.len > UINT16_MAX || n.data[0] == 0)
		return false;
	bits = 8 * (unsigned)n.len;
	for (unsigned first = n.data[0]; first < 0x80; first <<= 1)
		bits--;
	*ret_bits = bits;
	return true;
}

/* libcrypto takes longer to find its decoder for keys of any kind than to
 * verify a signature.  RSA, which most certificates have, does without it. */
static EVP_PKEY *decode_rsa(const struct cfs_cert *cert)
{
	struct cfs_bytes rsa;
	const unsigned char *p;
	struct parts parts;
	EVP_PKEY *key;

	if (!take_apart(cert, &parts) || !find_rsa(parts.key_info, &rsa))
		return NULL;
	p = rsa.data;
	key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)rsa.len);
	if (key && p == rsa.data + rsa.len)
		return key;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return NULL;
}

int cfs_cert_key(const struct cfs_cert *cert, struct evp_pkey_st **ret,
		 struct cfs_err *err)
{
	CFS_AUTO(X509_free) X509 *x509 = NULL;
	char why[CFS_OPENSSL_WHY];
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	*ret = decode_rsa(cert);
	if (*ret)
		return 0;
	r = cfs_cert_decode(cert, &x509, err);
	if (r < 0)
		return r;
	*ret = X509_get_pubkey(x509);
	if (!*ret)
		return cfs_fail(err, ENOPKG,
				"%s: no usable public key in it: %s",
				cert->file, cfs_openssl_why(why));
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
	/* UTF-8 is left as it is, instead of being escaped byte by byte; it is
	 * cleaned when it is printed. */
	X509_NAME_print_ex(bio, name, 0,
			   XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	drain(bio, ret, size);
}

/* Describes what libcrypto is not needed for. */
static bool describe_ordinary(const struct parts *parts,
			      struct cfs_cert_info *ret)
{
	int64_t end;

	if (!cfs_x509_name_words(parts->subject, ret->subject,
				 sizeof(ret->subject)) ||
	    !cfs_x509_time_words(parts->not_after, ret->not_after, &end))
		return false;
	ret->expired = end <= (int64_t)time(NULL);
	return true;
}

static int describe(const struct cfs_cert *cert, const struct parts *parts,
		    struct cfs_cert_info *ret, struct cfs_err *err)
{
	const unsigned char *p = parts->subject.data;
	const unsigned char *q = parts->not_after.data;
	CFS_AUTO(BIO_free_all) BIO *bio = NULL;
	CFS_AUTO(X509_NAME_free) X509_NAME *subject = NULL;
	CFS_AUTO(ASN1_TIME_free) ASN1_TIME *end = NULL;
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	subject = d2i_X509_NAME(NULL, &p, (long)parts->subject.len);
	end = d2i_ASN1_TIME(NULL, &q, (long)parts->not_after.len);
	if (!subject || !end)
		return no_certificate(cert, err);
	bio = BIO_new(BIO_s_mem());
	if (!bio)
		return cfs_no_memory(err);
	print_name(bio, subject, ret->subject, sizeof(ret->subject));
	ASN1_TIME_print(bio, end);
	drain(bio, ret->not_after, sizeof(ret->not_after));
	ret->expired = X509_cmp_current_time(end) < 0;
	return 0;
}

int cfs_cert_describe(const struct cfs_cert *cert, struct cfs_cert_info *ret,
		      struct cfs_err *err)
{
	struct cfs_cert_info info = { 0 };
	struct parts parts;
	int r = 0;

	if (!take_apart(cert, &parts))
		return cfs_fail(err, EBADMSG, "%s: no X.509 certificate in it",
				cert->file);
	if (!describe_ordinary(&parts, &info))
		r = describe(cert, &parts, &info, err);
	if (r < 0)
		return r;
	snprintf(info.fingerprint, sizeof(info.fingerprint), "%s",
		 cert->name + strlen("sha256:"));
	*ret = info;
	return 0;
}

/* DER puts a zero in front of some numbers, which people do not compare. */
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

/* The sizes that kernels accept in FIPS mode, too.  Source: linux crypto/rsa.c,
 * rsa_check_key_length(). */
bool cfs_rsa_usable(unsigned bits)
{
	return bits == 2048 || bits == 3072 || bits == 4096;
}

/* Curves have several names, and providers differ in which one they report. */
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
		if (cfs_rsa_usable((unsigned)EVP_PKEY_get_bits(key)))
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
