/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/sign.h"

#include <limits.h>
#include <string.h>

#include "base/libcrypto.h"
#include "fsverity/enable.h"
#include "keys/pkcs7.h"
#include "keys/privkey.h"
#include "keys/sign_many.h"
#include "keys/verify.h"
#include "keys/x509.h"

/*
 * The only form that the kernel takes for fs-verity: detached, as the digest is
 * computed by it; without attributes, which would be signed in the digest's
 * place; without certificates, which are in the keyring.  PARTIAL: signers are
 * added one by one before anything is signed.
 */
#define FLAGS                                                           \
	(PKCS7_BINARY | PKCS7_DETACHED | PKCS7_NOATTR | PKCS7_NOCERTS | \
	 PKCS7_PARTIAL)

CFS_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free);
CFS_DEFINE_AUTO(X509, X509_free);
CFS_DEFINE_AUTO(PKCS7, PKCS7_free);
CFS_DEFINE_AUTO(BIO, BIO_free_all);

struct cfs_signing {
	struct cfs_certs certs; /* of the file */
	struct cfs_certs own;	/* the one of them, borrowed */
	struct cfs_privkey key;
};

void cfs_signing_free(struct cfs_signing *signing)
{
	if (!signing)
		return;
	cfs_privkey_free(&signing->key);
	cfs_certs_free(&signing->certs);
	free(signing);
}

const struct cfs_cert *cfs_signing_cert(const struct cfs_signing *signing)
{
	return &signing->own.v[0];
}

const struct cfs_privkey *cfs_signing_key(const struct cfs_signing *signing)
{
	return &signing->key;
}

static int libcrypto_failed(struct cfs_err *err, const char *doing)
{
	char why[CFS_OPENSSL_WHY];

	return cfs_fail(err, EIO, "%s: %s", doing, cfs_openssl_why(why));
}

/* Does the key in a token belong to @cert?  1 or 0. */
static int has_token(const struct cfs_cert *cert, const struct cfs_privkey *key,
		     struct cfs_err *err)
{
	CFS_AUTO(X509_free) X509 *x509 = NULL;
	int r = cfs_cert_decode(cert, &x509, err);

	return r < 0 ? r : X509_check_private_key(x509, key->key) == 1;
}

/* Does @key belong to @cert?  1 or 0. */
static int has_key(const struct cfs_cert *cert, const struct cfs_privkey *key,
		   struct cfs_err *err)
{
	CFS_AUTO(EVP_PKEY_free) EVP_PKEY *own = NULL;
	int r;

	if (key->ctx)
		return has_token(cert, key, err);
	r = cfs_cert_key(cert, &own, err);
	if (r == -ENOPKG)
		return 0;
	return r < 0 ? r : EVP_PKEY_eq(own, key->key) == 1;
}

/* Finds the certificate of @signing->certs that @signing->key belongs to. */
static int choose(struct cfs_signing *signing, struct cfs_err *err)
{
	for (unsigned i = 0; i < signing->certs.n; i++) {
		int r = has_key(&signing->certs.v[i], &signing->key, err);

		if (r < 0)
			return r;
		ERR_clear_error();
		if (r == 0)
			continue;
		signing->own.v[0] = signing->certs.v[i];
		signing->own.n = 1;
		return 0;
	}
	return cfs_fail(err, EKEYREJECTED,
			"certificate public key does not match the provided "
			"private key");
}

int cfs_signing_open(const char *cert, const char *key,
		     struct cfs_signing **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *signing = NULL;
	int r;

	signing = calloc(1, sizeof(*signing));
	if (!signing)
		return cfs_no_memory(err);
	r = cfs_certs_add_file(&signing->certs, cert, err);
	if (r < 0)
		return r;
	r = cfs_privkey_load(key, &signing->key, err);
	if (r < 0)
		return r;
	r = cfs_pkey_usable(signing->key.key, err);
	if (r == 0)
		r = choose(signing, err);
	if (r < 0)
		return cfs_ctx(err, "sign with the certificate %s", cert);
	*ret = cfs_steal_ptr(&signing);
	return 0;
}

static PKCS7 *decode(struct cfs_bytes der)
{
	const unsigned char *p = der.data;

	return d2i_PKCS7(NULL, &p, (long)der.len);
}

static bool is_one_of(const struct cfs_signer *signer,
		      const struct cfs_certs *certs)
{
	for (unsigned i = 0; i < certs->n; i++)
		if (cfs_signer_is(signer, &certs->v[i]))
			return true;
	return false;
}

/*
 * Moves signers out of the blob @from: those of @certs when @of_them, else all
 * the others.
 */
static int move_signers(PKCS7 *to, struct cfs_bytes from,
			const struct cfs_certs *certs, bool of_them,
			struct cfs_err *err)
{
	CFS_AUTO(PKCS7_free) PKCS7 *blob = NULL;
	STACK_OF(PKCS7_SIGNER_INFO) * infos;
	struct cfs_pkcs7 p7;
	int r;

	if (!from.len)
		return 0;
	r = cfs_pkcs7_parse(from, &p7, err);
	if (r < 0)
		return r;
	blob = decode(from);
	/* There are two readers: ours decides which certificate a signer is of,
	 * libcrypto's has the signer to move.  They must have seen the same
	 * signers. */
	infos = blob ? PKCS7_get_signer_info(blob) : NULL;
	if (!infos || sk_PKCS7_SIGNER_INFO_num(infos) != (int)p7.n)
		return cfs_fail(err, EBADMSG,
				"libcrypto cannot read the signature");
	for (unsigned i = 0; i < p7.n; i++) {
		PKCS7_SIGNER_INFO *info = sk_PKCS7_SIGNER_INFO_shift(infos);

		if (is_one_of(&p7.v[i], certs) != of_them) {
			PKCS7_SIGNER_INFO_free(info);
			continue;
		}
		/* Not covered by the signature: anyone can add these. */
		sk_X509_ATTRIBUTE_pop_free(info->unauth_attr,
					   X509_ATTRIBUTE_free);
		info->unauth_attr = NULL;
		if (PKCS7_add_signer(to, info) != 1) {
			PKCS7_SIGNER_INFO_free(info);
			return libcrypto_failed(err, "merge signatures");
		}
	}
	return 0;
}

/* Appends the DER of @p7 to @out. */
static int encode(PKCS7 *p7, struct cfs_buf *out, struct cfs_err *err)
{
	int n = sk_PKCS7_SIGNER_INFO_num(PKCS7_get_signer_info(p7));
	unsigned char *der = NULL;
	int len;

	if (n > CFS_SIGNERS_MAX)
		return cfs_fail(err, EFBIG,
				"%d signers, one signature has room for %d", n,
				CFS_SIGNERS_MAX);
	len = i2d_PKCS7(p7, &der);
	if (len <= 0)
		return libcrypto_failed(err, "encode the signature");
	if (len <= CFS_SIGNATURE_MAX)
		cfs_buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	if (len > CFS_SIGNATURE_MAX)
		return cfs_fail(err, EFBIG,
				"signature of %d bytes, the kernel takes %d",
				len, CFS_SIGNATURE_MAX);
	return cfs_buf_check(out, err);
}

/* Appends the blob @made to @out, once it is verified like one from elsewhere:
 * a fault must show here and not at boot. */
static int finish(struct cfs_bytes made, const struct cfs_digest *digest,
		  const struct cfs_certs *certs, struct cfs_buf *out,
		  struct cfs_err *err)
{
	int r = cfs_signature_verify(made, digest, certs, NULL, err);

	if (r < 0)
		return cfs_ctx(err, "check the signature just made");
	cfs_buf_add(out, made.data, made.len);
	return cfs_buf_check(out, err);
}

/* Is there a signature of @cert in @old, and is it right?  Returns 1, or 0,
 * also if it is wrong. */
static int is_signed(struct cfs_bytes old, const struct cfs_digest *digest,
		     const struct cfs_certs *cert, struct cfs_err *err)
{
	struct cfs_err why = { 0 };
	int r = cfs_signature_verify(old, digest, cert, NULL, &why);

	if (r == 0)
		return 1;
	if (r == -ENODATA || r == -ENOKEY || r == -EKEYREJECTED)
		return 0;
	*err = why;
	return cfs_ctx(err, "the signature so far");
}

/* Appends a blob of the one signer @signing to @out. */
static int sign_alone(const struct cfs_signing *signing,
		      const struct cfs_digest *digest, struct cfs_buf *out,
		      struct cfs_err *err)
{
	CFS_AUTO(cfs_many_free) struct cfs_many *many = NULL;
	int r = cfs_many_open(signing, digest->alg, &many, err);

	return r < 0 ? r : cfs_many_sign(many, digest, out, err);
}

/* Appends a blob of the signers of @old that @certs does not name, and of those
 * of @more that it does, to @out. */
static int merge(struct cfs_bytes old, struct cfs_bytes more,
		 const struct cfs_certs *certs, struct cfs_buf *out,
		 struct cfs_err *err)
{
	CFS_AUTO(PKCS7_free) PKCS7 *p7 = NULL;
	int r;

	p7 = PKCS7_sign(NULL, NULL, NULL, NULL, FLAGS);
	if (!p7)
		return libcrypto_failed(err, "merge signatures");
	r = move_signers(p7, old, certs, false, err);
	if (r == 0)
		r = move_signers(p7, more, certs, true, err);
	return r < 0 ? r : encode(p7, out, err);
}

int cfs_sign(const struct cfs_signing *signing, const struct cfs_digest *digest,
	     struct cfs_bytes old, struct cfs_buf *out, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf alone = { 0 }, merged = { 0 };
	int r = is_signed(old, digest, &signing->own, err);

	if (r < 0)
		return r;
	if (r > 0) {
		cfs_buf_add(out, old.data, old.len);
		return cfs_buf_check(out, err);
	}
	r = sign_alone(signing, digest, &alone, err);
	/* If this signer is in @old, its signature is wrong: it stays
	 * behind. */
	if (r == 0 && old.len > 0)
		r = merge(old, cfs_buf_bytes(&alone), &signing->own, &merged,
			  err);
	if (r == 0)
		r = finish(cfs_buf_bytes(old.len > 0 ? &merged : &alone),
			   digest, &signing->own, out, err);
	return r < 0 ? r : 1;
}

int cfs_sign_message(const struct cfs_signing *signing,
		     struct cfs_bytes message, struct cfs_buf *out,
		     struct cfs_err *err)
{
	/* With the message inside, as the kernel loads IPE policies: the form
	 * of `openssl smime -sign -binary -noattr -nodetach -nosmimecap`. */
	const int flags = PKCS7_BINARY | PKCS7_NOATTR | PKCS7_NOSMIMECAP;
	CFS_AUTO(X509_free) X509 *x509 = NULL;
	CFS_AUTO(PKCS7_free) PKCS7 *p7 = NULL;
	CFS_AUTO(BIO_free_all) BIO *data = NULL;
	unsigned char *der = NULL;
	int len, r = cfs_cert_decode(&signing->own.v[0], &x509, err);

	if (r < 0)
		return r;
	if (message.len > INT_MAX)
		return cfs_fail(err, EFBIG, "sign: the message is too long");
	p7 = PKCS7_sign_ex(NULL, NULL, NULL, NULL, flags | PKCS7_PARTIAL,
			   signing->key.ctx, NULL);
	data = BIO_new_mem_buf(message.data, (int)message.len);
	if (!p7 || !data ||
	    !PKCS7_sign_add_signer(p7, x509, signing->key.key, EVP_sha256(),
				   flags) ||
	    PKCS7_final(p7, data, flags) != 1)
		return libcrypto_failed(err, "sign");
	len = i2d_PKCS7(p7, &der);
	if (len <= 0)
		return libcrypto_failed(err, "encode the signature");
	cfs_buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return cfs_buf_check(out, err);
}

/* Finds those of @certs that signed @more and not @old; borrowed. */
static int find_fresh(const struct cfs_pkcs7 *more,
		      const struct cfs_digest *digest,
		      const struct cfs_certs *certs, struct cfs_bytes old,
		      struct cfs_certs *ret, struct cfs_err *err)
{
	ret->n = 0;
	/* Every signer with every certificate; is_one_of() keeps a certificate
	 * that has two signers from being listed twice. */
	for (unsigned i = 0; i < more->n * certs->n; i++) {
		const struct cfs_cert *cert = &certs->v[i % certs->n];
		struct cfs_certs one = { .n = 1, .v = { *cert } };
		int r;

		if (!cfs_signer_is(&more->v[i / certs->n], cert) ||
		    is_one_of(&more->v[i / certs->n], ret))
			continue;
		r = is_signed(old, digest, &one, err);
		if (r < 0)
			return r;
		if (r == 0)
			ret->v[ret->n++] = *cert;
	}
	return 0;
}

int cfs_signature_attach(struct cfs_bytes more, const struct cfs_digest *digest,
			 const struct cfs_certs *certs, struct cfs_bytes old,
			 struct cfs_buf *out, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf merged = { 0 };
	struct cfs_certs fresh;
	struct cfs_pkcs7 parsed;
	int r = cfs_signature_verify(more, digest, certs, NULL, err);

	if (r == 0)
		r = cfs_pkcs7_parse(more, &parsed, err);
	if (r == 0)
		r = find_fresh(&parsed, digest, certs, old, &fresh, err);
	if (r < 0)
		return r;
	if (fresh.n == 0) {
		cfs_buf_add(out, old.data, old.len);
		return cfs_buf_check(out, err);
	}
	r = merge(old, more, &fresh, &merged, err);
	if (r == 0)
		r = finish(cfs_buf_bytes(&merged), digest, &fresh, out, err);
	return r < 0 ? r : (int)fresh.n;
}

static unsigned count_others(const struct cfs_pkcs7 *p7,
			     const struct cfs_certs *certs)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p7->n; i++)
		n += !is_one_of(&p7->v[i], certs);
	return n;
}

int cfs_signature_without(struct cfs_bytes old, const struct cfs_certs *certs,
			  struct cfs_buf *out, struct cfs_err *err)
{
	CFS_AUTO(PKCS7_free) PKCS7 *p7 = NULL;
	struct cfs_pkcs7 parsed;
	int r = cfs_pkcs7_parse(old, &parsed, err);
	unsigned others;

	if (r < 0)
		return r;
	others = count_others(&parsed, certs);
	if (others == parsed.n) {
		cfs_buf_add(out, old.data, old.len);
		return cfs_buf_check(out, err);
	}
	if (others > 0) {
		r = cfs_libcrypto_load(err);
		if (r < 0)
			return r;
		p7 = PKCS7_sign(NULL, NULL, NULL, NULL, FLAGS);
		if (!p7)
			return libcrypto_failed(err, "take signers away");
		r = move_signers(p7, old, certs, false, err);
		if (r == 0)
			r = encode(p7, out, err);
	}
	return r < 0 ? r : (int)(parsed.n - others);
}
