/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/privkey.h"

#include <string.h>

#include "base/libcrypto.h"
#include "keys/x509.h"

static int load_file(const char *path, EVP_PKEY **ret, struct cfs_err *err)
{
	CFS_AUTOFILE FILE *f = fopen(path, "re");
	char why[CFS_OPENSSL_WHY];
	EVP_PKEY *key;

	if (!f)
		return cfs_fail_errno(err, "open private key %s", path);
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	if (!key)
		return cfs_fail(err, EBADMSG,
				"%s: no private key in it that can be read: %s",
				path, cfs_openssl_why(why));
	*ret = key;
	return 0;
}

void cfs_privkey_free(struct cfs_privkey *key)
{
	if (key->key)
		EVP_PKEY_free(key->key);
	for (int i = 0; i < 2; i++)
		if (key->providers[i])
			(void)OSSL_PROVIDER_unload(key->providers[i]);
	if (key->ctx)
		OSSL_LIB_CTX_free(key->ctx);
	*key = (struct cfs_privkey){ 0 };
}

static int load_providers(struct cfs_privkey *key, struct cfs_err *err)
{
	char why[CFS_OPENSSL_WHY];

	/* Naming one provider turns off the implicit loading of the default
	 * one, which hashes. */
	key->providers[0] = OSSL_PROVIDER_load(key->ctx, "default");
	key->providers[1] = OSSL_PROVIDER_load(key->ctx, "pkcs11");
	if (key->providers[0] && key->providers[1])
		return 0;
	return cfs_fail(err, ENOPKG,
			"OpenSSL has no pkcs11 provider (%s): install "
			"pkcs11-provider (Debian 12: from backports), or sign "
			"on another machine with --emit-tbs and --attach",
			cfs_openssl_why(why));
}

/* A token lists all objects that match the URI, and a key may come with its
 * certificate. */
static EVP_PKEY *first_key(OSSL_STORE_CTX *store)
{
	EVP_PKEY *key = NULL;

	if (OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) != 1)
		return NULL;
	while (!key && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (!info)
			continue;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	return key;
}

static int load_token(const char *uri, struct cfs_privkey *key,
		      struct cfs_err *err)
{
	char why[CFS_OPENSSL_WHY];
	OSSL_STORE_CTX *store;
	int r = load_providers(key, err);

	if (r < 0)
		return cfs_ctx(err, "private key in a token");
	store = OSSL_STORE_open_ex(uri, key->ctx, NULL, UI_get_default_method(),
				   NULL, NULL, NULL, NULL);
	if (!store)
		return cfs_fail(err, ENOENT, "open the token: %s",
				cfs_openssl_why(why));
	key->key = first_key(store);
	OSSL_STORE_close(store);
	if (!key->key)
		return cfs_fail(err, ENOENT,
				"the token has no such private key: %s",
				cfs_openssl_why(why));
	/* Objects that did not fit have left errors, which would word a later
	 * failure. */
	ERR_clear_error();
	return 0;
}

int cfs_privkey_load(const char *where, struct cfs_privkey *ret,
		     struct cfs_err *err)
{
	struct cfs_privkey key = { 0 };
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	/* The URI may hold a PIN, so no message has it in it. */
	if (strncmp(where, "pkcs11:", strlen("pkcs11:")) != 0)
		return load_file(where, &ret->key, err);
	/* A context of its own: what drives the token may use libcrypto itself
	 * (SoftHSM does) and would come back to the provider it is called
	 * by. */
	key.ctx = OSSL_LIB_CTX_new();
	r = key.ctx ? load_token(where, &key, err) : cfs_no_memory(err);
	if (r < 0) {
		cfs_privkey_free(&key);
		return r;
	}
	*ret = key;
	return 0;
}
