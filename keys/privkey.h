/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_KEYS_PRIVKEY_H
#define CFS_KEYS_PRIVKEY_H

#include "base/err.h"

struct evp_pkey_st; /* EVP_PKEY */

/*
 * Loads the private key @where: a PEM file, or an object of a token named by a
 * "pkcs11:" URI (RFC 7512), for which OpenSSL's pkcs11 provider is loaded (the
 * key itself stays in the token).  A pass phrase or PIN is asked for on the
 * terminal; a PIN may also be in the URI (pin-value=, pin-source=).
 *
 * *@ret: EVP_PKEY_free() it.
 * Errors: -ENOENT no such file or object, -EBADMSG no private key in it,
 * -ENOPKG no pkcs11 provider, ...
 */
int cfs_privkey_load(const char *where, struct evp_pkey_st **ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
