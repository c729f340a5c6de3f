/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/sign_many.h"

#include <string.h>

#include "base/libcrypto.h"
#include "keys/der.h"
#include "keys/hash.h"
#include "keys/privkey.h"
#include "keys/x509.h"

/*
 * RFC 2315, 7, 9.1 and 9.2:
 *
 *   sequence { type, [0] { sequence { DATA, set { sequence { SIGNER,
 *	octet string } } } } }
 *
 * with the parts that are the same in all signatures of a signer.
 */
struct cfs_many {
	enum cfs_alg alg;
	struct cfs_buf blob; /* a signature, of which these are slices: */
	struct cfs_bytes type, data, signer;
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
	free(many->bare);
	cfs_buf_free(&many->blob);
	free(many);
}

static int libcrypto_failed(struct cfs_err *err)
{
	char why[CFS_OPENSSL_WHY];

	return cfs_fail(err, EIO, "sign: %s", cfs_openssl_why(why));
}

/* The beginning of @whole, which @rest is the end of. */
static struct cfs_bytes before(struct cfs_bytes whole, struct cfs_bytes rest)
{
	return (struct cfs_bytes){ whole.data, whole.len - rest.len };
}

/* Finds the parts of many->blob that put_together() copies. */
static bool take_apart(struct cfs_many *many)
{
	struct cfs_bytes in = cfs_buf_bytes(&many->blob);
	struct cfs_bytes info, wrap, data, set, signer, rest, body;

	if (!cfs_der_take(&in, CFS_DER_SEQUENCE, &info, NULL) ||
	    !cfs_der_take(&info, CFS_DER_OID, &body, &many->type) ||
	    !cfs_der_take(&info, CFS_DER_CONTEXT(0), &wrap, NULL) ||
	    !cfs_der_take(&wrap, CFS_DER_SEQUENCE, &data, NULL))
		return false;
	rest = data;
	/* Version, hashes, type of the content. */
	if (!cfs_der_skip(&rest) || !cfs_der_skip(&rest) ||
	    !cfs_der_skip(&rest))
		return false;
	many->data = before(data, rest);
	if (!cfs_der_take(&rest, CFS_DER_SET, &set, NULL) || rest.len ||
	    !cfs_der_take(&set, CFS_DER_SEQUENCE, &signer, NULL) || set.len)
		return false;
	rest = signer;
	/* Version, certificate, hash, algorithm. */
	for (int i = 0; i < 4; i++)
		if (!cfs_der_skip(&rest))
			return false;
	many->signer = before(signer, rest);
	return cfs_der_take(&rest, CFS_DER_OCTET_STRING, &body, NULL) &&
	       !rest.len;
}

static int open_key(struct cfs_many *many, const struct cfs_privkey *key,
		    struct cfs_err *err)
{
	bool sha512 = many->alg == CFS_ALG_SHA512;
	int size = EVP_PKEY_get_size(key->key);

	many->key = EVP_PKEY_CTX_new_from_pkey(key->ctx, key->key, NULL);
	if (!many->key || size <= 0 || EVP_PKEY_sign_init(many->key) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(
		    many->key, sha512 ? EVP_sha512() : EVP_sha256()) != 1)
		return libcrypto_failed(err);
	if (EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA &&
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
	const struct cfs_digest zero = { .alg = alg };
	int r;

	if (key->ctx)
		return 0;
	many = calloc(1, sizeof(*many));
	if (!many)
		return cfs_no_memory(err);
	many->alg = alg;
	/* Over a digest of nothing, for the frame alone; cfs_sign() verifies
	 * what it makes. */
	r = cfs_sign(signing, &zero, (struct cfs_bytes){ 0 }, &many->blob, err);
	if (r >= 0 && !take_apart(many))
		r = cfs_fail(err, EIO, "libcrypto makes another PKCS#7");
	if (r >= 0)
		r = open_key(many, key, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&many);
	return 1;
}

/* Bytes of an element with contents of @len bytes. */
static size_t element(size_t len)
{
	return len + (len < 0x80 ? 2 : len < 0x100 ? 3 : 4);
}

/* Appends identifier and length of an element, in the shortest form.  No
 * signature is as long as 64 KiB. */
static void add_head(struct cfs_buf *out, uint8_t tag, size_t len)
{
	cfs_buf_addc(out, (char)tag);
	if (len >= 0x100)
		cfs_buf_addc(out, (char)0x82);
	else if (len >= 0x80)
		cfs_buf_addc(out, (char)0x81);
	if (len >= 0x100)
		cfs_buf_addc(out, (char)(len >> 8));
	cfs_buf_addc(out, (char)len);
}

static void add_part(struct cfs_buf *out, struct cfs_bytes part)
{
	cfs_buf_add(out, part.data, part.len);
}

static void put_together(const struct cfs_many *many, size_t len,
			 struct cfs_buf *out)
{
	size_t signer = many->signer.len + element(len);
	size_t set = element(signer);
	size_t data = many->data.len + element(set);
	size_t wrap = element(data);

	add_head(out, CFS_DER_SEQUENCE, many->type.len + element(wrap));
	add_part(out, many->type);
	add_head(out, CFS_DER_CONTEXT(0), wrap);
	add_head(out, CFS_DER_SEQUENCE, data);
	add_part(out, many->data);
	add_head(out, CFS_DER_SET, set);
	add_head(out, CFS_DER_SEQUENCE, signer);
	add_part(out, many->signer);
	add_head(out, CFS_DER_OCTET_STRING, len);
	cfs_buf_add(out, many->bare, len);
}

int cfs_many_sign(struct cfs_many *many, const struct cfs_digest *digest,
		  struct cfs_buf *out, struct cfs_err *err)
{
	uint8_t text[CFS_FORMATTED_MAX], sum[CFS_HASH_MAX];
	struct cfs_bytes data = { text, cfs_digest_format(digest, text) };
	size_t len = many->max, n;

	if (digest->alg != many->alg)
		return cfs_fail(err, EINVAL, "sign: a %s digest among others",
				cfs_alg_name(digest->alg));
	n = cfs_hash(digest->alg == CFS_ALG_SHA512 ? CFS_HASH_SHA512
						   : CFS_HASH_SHA256,
		     data, sum);
	if (EVP_PKEY_sign(many->key, many->bare, &len, sum, n) != 1)
		return libcrypto_failed(err);
	put_together(many, len, out);
	return cfs_buf_check(out, err);
}
