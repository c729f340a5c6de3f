/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/privkey.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/libcrypto.h"
#include "keys/der.h"
#include "keys/x509.h"

CFS_DEFINE_AUTO(BIO, BIO_free_all);

#define KEY_FILE_MAX 65536 /* bytes of a key in a file */

struct secret {
	size_t len;
	uint8_t data[KEY_FILE_MAX + 1];
};

static void forget(struct secret *secret)
{
	if (secret)
		explicit_bzero(secret, sizeof(*secret));
	free(secret);
}
CFS_DEFINE_AUTO(struct secret, forget);

/* Finds the RSAPrivateKey in a key that is not encrypted.  Returns false if it
 * is of another kind.  Source: RFC 5208, section 5; RFC 8017, A.1. */
static bool find_rsa(struct cfs_bytes der, struct cfs_bytes *ret)
{
	struct cfs_bytes info, version, alg;

	return cfs_der_take(&der, CFS_DER_SEQUENCE, &info, NULL) && !der.len &&
	       cfs_der_take(&info, CFS_DER_INTEGER, &version, NULL) &&
	       cfs_der_take(&info, CFS_DER_SEQUENCE, &alg, NULL) &&
	       cfs_x509_is_rsa(alg) &&
	       cfs_der_take(&info, CFS_DER_OCTET_STRING, ret, NULL);
}

static EVP_PKEY *decode_rsa(struct cfs_bytes der)
{
	const unsigned char *p = der.data;
	RSA *rsa = d2i_RSAPrivateKey(NULL, &p, (long)der.len);
	EVP_PKEY *key = EVP_PKEY_new();

	if (rsa && key && p == der.data + der.len &&
	    EVP_PKEY_assign(key, EVP_PKEY_RSA, rsa) == 1)
		return key;
	RSA_free(rsa);
	EVP_PKEY_free(key);
	return NULL;
}

/* The key of @text if it is RSA and in the clear, or NULL: to find the decoder
 * for a key of any kind takes libcrypto longer than to decode it. */
static EVP_PKEY *read_rsa(const struct secret *text)
{
	CFS_AUTO(BIO_free_all)
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	EVP_PKEY *key = NULL;
	struct cfs_bytes rsa;
	long len = 0;

	if (bio && PEM_read_bio(bio, &name, &header, &data, &len) == 1 &&
	    strcmp(name, "PRIVATE KEY") == 0 && !*header &&
	    find_rsa((struct cfs_bytes){ data, (size_t)len }, &rsa))
		key = decode_rsa(rsa);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(data, (size_t)len);
	ERR_clear_error();
	return key;
}

static int read_any(const struct secret *text, const char *path, EVP_PKEY **ret,
		    struct cfs_err *err)
{
	CFS_AUTO(BIO_free_all)
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	char why[CFS_OPENSSL_WHY];

	if (!bio)
		return cfs_no_memory(err);
	*ret = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	if (!*ret)
		return cfs_fail(err, EBADMSG,
				"%s: no private key in it that can be read: %s",
				path, cfs_openssl_why(why));
	return 0;
}

static int load_file(const char *path, EVP_PKEY **ret, struct cfs_err *err)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	CFS_AUTO(forget) struct secret *text = NULL;
	ssize_t n;

	if (fd < 0)
		return cfs_fail_errno(err, "open private key %s", path);
	text = malloc(sizeof(*text));
	if (!text)
		return cfs_no_memory(err);
	n = cfs_read_full(fd, text->data, sizeof(text->data));
	if (n < 0)
		return cfs_fail(err, (int)-n, "read private key %s: %s", path,
				strerror((int)-n));
	if (n > KEY_FILE_MAX)
		return cfs_fail(err, EFBIG, "%s: over %d bytes are no key",
				path, KEY_FILE_MAX);
	text->len = (size_t)n;
	*ret = read_rsa(text);
	return *ret ? 0 : read_any(text, path, ret, err);
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
