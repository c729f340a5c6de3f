/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/sign_many.h"

#include <string.h>

#include "base/libcrypto.h"
#include "fsverity/signature.h"
#include "keys/pkcs7_write.h"
#include "keys/privkey.h"
#include "keys/x509.h"

struct cfs_many {
	enum cfs_alg alg;
	struct cfs_signer signer; /* but for the signature */
	/* libcrypto's, which is faster than the small one of keys/hash.h. */
	EVP_MD *md;
	EVP_MD_CTX *hash;
	EVP_PKEY_CTX *key;
	size_t max; /* bytes of a bare signature */
	uint8_t *bare;
};

void cfs_many_free(struct cfs_many *many)
{
	if (!many)
		return;
	if (many->key)
		EVP_PKEY_CTX_free(many->key);
	if (many->hash)
		EVP_MD_CTX_free(many->hash);
	if (many->md)
		EVP_MD_free(many->md);
	free(many->bare);
	free(many);
}

static int libcrypto_failed(struct cfs_err *err)
{
	char why[CFS_OPENSSL_WHY];

	return cfs_fail(err, EIO, "sign: %s", cfs_openssl_why(why));
}

static int open_key(struct cfs_many *many, const struct cfs_privkey *key,
		    struct cfs_err *err)
{
	bool sha512 = many->alg == CFS_ALG_SHA512;
	int size = EVP_PKEY_get_size(key->key);

	many->md = EVP_MD_fetch(NULL, cfs_hash_name(many->signer.hash), NULL);
	many->hash = EVP_MD_CTX_new();
	many->key = EVP_PKEY_CTX_new_from_pkey(key->ctx, key->key, NULL);
	if (!many->md || !many->hash || !many->key || size <= 0 ||
	    EVP_PKEY_sign_init(many->key) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(
		    many->key, sha512 ? EVP_sha512() : EVP_sha256()) != 1)
		return libcrypto_failed(err);
	/* The default of a token's key, too. */
	if (!key->ctx && EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA &&
	    EVP_PKEY_CTX_set_rsa_padding(many->key, RSA_PKCS1_PADDING) != 1)
		return libcrypto_failed(err);
	many->max = (size_t)size;
	many->bare = malloc(many->max);
	return many->bare ? 0 : cfs_no_memory(err);
}

int cfs_many_open(const struct cfs_signing *signing, enum cfs_alg alg,
		  struct cfs_many **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_many_free) struct cfs_many *many = NULL;
	const struct cfs_privkey *key = cfs_signing_key(signing);
	const struct cfs_cert *cert = cfs_signing_cert(signing);
	bool rsa = EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA;
	int r;

	many = calloc(1, sizeof(*many));
	if (!many)
		return cfs_no_memory(err);
	many->alg = alg;
	many->signer = (struct cfs_signer){
		.issuer = cert->issuer,
		.serial = cert->serial,
		.hash = alg == CFS_ALG_SHA512 ? CFS_HASH_SHA512
					      : CFS_HASH_SHA256,
		.key = rsa ? CFS_SIGNER_RSA : CFS_SIGNER_ECDSA,
	};
	r = open_key(many, key, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&many);
	return 0;
}

int cfs_many_sign(struct cfs_many *many, const struct cfs_digest *digest,
		  struct cfs_buf *out, struct cfs_err *err)
{
	uint8_t text[CFS_FORMATTED_MAX], sum[CFS_HASH_MAX];
	size_t len = many->max, n = cfs_digest_format(digest, text), before;
	unsigned n_sum = 0;

	if (digest->alg != many->alg)
		return cfs_fail(err, EINVAL, "sign: a %s digest among others",
				cfs_alg_name(digest->alg));
	if (!EVP_DigestInit_ex2(many->hash, many->md, NULL) ||
	    !EVP_DigestUpdate(many->hash, text, n) ||
	    !EVP_DigestFinal_ex(many->hash, sum, &n_sum) ||
	    EVP_PKEY_sign(many->key, many->bare, &len, sum, n_sum) != 1)
		return libcrypto_failed(err);
	many->signer.signature = (struct cfs_bytes){ many->bare, len };
	before = out->len;
	cfs_pkcs7_write(&many->signer, out);
	if (out->len - before > CFS_SIGNATURE_MAX)
		return cfs_fail(err, EFBIG,
				"signature of %zu bytes, the kernel takes %d",
				out->len - before, CFS_SIGNATURE_MAX);
	return cfs_buf_check(out, err);
}
