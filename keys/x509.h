/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the builder and the checker, which have libcrypto, say of certificates
 * and keys.  -ELIBACC from any of them: libcrypto cannot be loaded.
 */
#ifndef CFS_KEYS_X509_H
#define CFS_KEYS_X509_H

#include <stdbool.h>

#include "base/err.h"
#include "keys/pem.h"
#include "keys/pkcs7.h"

struct evp_pkey_st; /* EVP_PKEY */
struct x509_st;	    /* X509 */

struct cfs_cert_info {
	char subject[512];    /* RFC 2253, control characters escaped */
	char fingerprint[65]; /* SHA-256 of the DER, lower-case hex */
	char not_after[64];   /* "Jan  1 00:00:00 2001 GMT" */
	bool expired;	      /* the kernel does not ask, so this is a note */
};

/* Describes @cert.  Errors: -EBADMSG no X.509 certificate. */
int cfs_cert_describe(const struct cfs_cert *cert, struct cfs_cert_info *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* What a signature says of its signer: which certificate is meant. */
struct cfs_signer_info {
	char issuer[512]; /* as a subject; that of a self-signed certificate */
	char serial[129]; /* lower-case hex, as `openssl x509 -serial` */
};

/*
 * Describes @signer.  A signature names its signer's certificate in this way
 * only, and anyone who can write it can name any.
 * Errors: -EBADMSG the issuer is no X.509 name.
 */
int cfs_signer_describe(const struct cfs_signer *signer,
			struct cfs_signer_info *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Decodes @cert.  *@ret: X509_free() it.  Errors: -EBADMSG, -ENOMEM. */
int cfs_cert_decode(const struct cfs_cert *cert, struct x509_st **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Decodes the public key of @cert alone.  *@ret: EVP_PKEY_free() it.
 * Errors: -EBADMSG @cert is no certificate, -ENOPKG libcrypto has no such kind
 * of key.
 */
int cfs_cert_key(const struct cfs_cert *cert, struct evp_pkey_st **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Is @key one that kernels take into .fs-verity?  RSA of 2048, 3072 or 4096
 * bits, or ECDSA on P-256, P-384 or P-521.
 * Errors: -ENOPKG, worded with what it is and what to use.
 * Source: crypto/rsa_helper.c (sizes), crypto/ecdsa.c; sizes below 2048 are
 * left out as too weak.
 */
int cfs_pkey_usable(const struct evp_pkey_st *key,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same without libcrypto.  Is the key of @cert an RSA key, and what is its
 * size?  Are these bits one of the sizes?
 */
bool cfs_cert_is_rsa(const struct cfs_cert *cert,
		     unsigned *ret_bits) CFS_NONNULL;
bool cfs_rsa_usable(unsigned bits);

/* Are these the contents of an AlgorithmIdentifier of RSA keys, with its
 * parameters?  Source: RFC 3279, 2.3.1. */
bool cfs_x509_is_rsa(struct cfs_bytes algorithm);

/* The last fault of libcrypto, which is loaded, in words, and an empty queue
 * of them. */
#define CFS_OPENSSL_WHY 256
const char *cfs_openssl_why(char buf[static CFS_OPENSSL_WHY]) CFS_NONNULL;

#endif
