/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_KEYS_PRIVKEY_H
#define CFS_KEYS_PRIVKEY_H

#include "base/err.h"

struct evp_pkey_st;	 /* EVP_PKEY */
struct ossl_lib_ctx_st;	 /* OSSL_LIB_CTX */
struct ossl_provider_st; /* OSSL_PROVIDER */

struct cfs_privkey {
	struct evp_pkey_st *key;
	/* Where the key works: NULL, the default one, for keys in files. */
	struct ossl_lib_ctx_st *ctx;
	struct ossl_provider_st *providers[2]; /* loaded in ctx, or NULL */
};

void cfs_privkey_free(struct cfs_privkey *key);

/*
 * Loads the private key @where: a PEM file, or an object of a token named by a
 * "pkcs11:" URI (RFC 7512), for which OpenSSL's pkcs11 provider is loaded (the
 * key itself stays in the token).  A pass phrase or PIN is asked for on the
 * terminal; a PIN may also be in the URI (pin-value=, pin-source=).
 *
 * Errors: -ENOENT no such file or object, -EBADMSG no private key in it,
 * -ENOPKG no pkcs11 provider, ...
 */
int cfs_privkey_load(const char *where, struct cfs_privkey *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
