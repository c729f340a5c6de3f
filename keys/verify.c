/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/verify.h"

#include "base/libcrypto.h"
#include "keys/kernel_check.h"
#include "keys/x509.h"

CFS_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free);
CFS_DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free);

/* Other hashes were refused by cfs_pkcs7_judge() before. */
static const EVP_MD *hash_of(const struct cfs_signer *signer)
{
	return signer->hash == CFS_HASH_SHA256	 ? EVP_sha256()
	       : signer->hash == CFS_HASH_SHA384 ? EVP_sha384()
						 : EVP_sha512();
}

static int crypto_verify(const struct cfs_cert *cert,
			 const struct cfs_signer *signer, struct cfs_bytes data,
			 struct cfs_err *err)
{
	CFS_AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = NULL;
	CFS_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	bool rsa;
	int r = cfs_cert_key(cert, &key, err);

	if (r < 0)
		return r;
	if (cfs_pkey_usable(key, err) < 0)
		return cfs_ctx(err, "%s", cert->file);
	ctx = EVP_MD_CTX_new();
	if (!ctx)
		return cfs_no_memory(err);
	/* The signature says what kind of key made it, the certificate what
	 * kind it is; libcrypto would only look at the key. */
	rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
	if (rsa == (signer->key == CFS_SIGNER_RSA) &&
	    EVP_DigestVerifyInit(ctx, NULL, hash_of(signer), NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, signer->signature.data, signer->signature.len,
			     data.data, data.len) == 1)
		return 0;
	/* libcrypto keeps errors for each thread: this one must not word a
	 * later failure. */
	ERR_clear_error();
	return cfs_fail(err, EKEYREJECTED,
			"wrong signature: it names the certificate of %s, "
			"whose key did not make it over this image",
			cert->file);
}

static int confirm_or_verify(const struct cfs_cert *cert,
			     const struct cfs_signer *signer,
			     struct cfs_bytes data, struct cfs_err *err)
{
	return cfs_kernel_confirms(cert, signer, data)
		       ? 0
		       : crypto_verify(cert, signer, data, err);
}

int cfs_signature_confirm(struct cfs_bytes der, const struct cfs_digest *digest,
			  const struct cfs_certs *certs, unsigned *ret_cert,
			  struct cfs_err *err)
{
	return cfs_pkcs7_judge(der, digest, certs, confirm_or_verify, ret_cert,
			       err);
}

int cfs_signature_verify(struct cfs_bytes der, const struct cfs_digest *digest,
			 const struct cfs_certs *certs, unsigned *ret_cert,
			 struct cfs_err *err)
{
	return cfs_pkcs7_judge(der, digest, certs, crypto_verify, ret_cert,
			       err);
}
