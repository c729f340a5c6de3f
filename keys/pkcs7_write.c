/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/pkcs7_write.h"

#include <string.h>

#include "keys/der.h"

/* Whole elements. */
#define BYTES(...)                                               \
	{                                                        \
		(const uint8_t[]){ __VA_ARGS__ },                \
			sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

static const struct cfs_bytes signed_data =
	BYTES(CFS_DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2);
static const struct cfs_bytes version_1 = BYTES(CFS_DER_INTEGER, 1, 1);
/* The content is of the type data, and elsewhere. */
static const struct cfs_bytes detached_data =
	BYTES(CFS_DER_SEQUENCE, 11, CFS_DER_OID, 9, 0x2a, 0x86, 0x48, 0x86,
	      0xf7, 0x0d, 1, 7, 1);
static const struct cfs_bytes rsa_encryption =
	BYTES(CFS_DER_SEQUENCE, 13, CFS_DER_OID, 9, 0x2a, 0x86, 0x48, 0x86,
	      0xf7, 0x0d, 1, 1, 1, CFS_DER_NULL, 0);

/* An AlgorithmIdentifier of a hash, of which a byte says which one. */
static struct cfs_bytes hash_algorithm(enum cfs_hash hash, uint8_t ret[15])
{
	static const uint8_t sha[15] = { CFS_DER_SEQUENCE,
					 13,
					 CFS_DER_OID,
					 9,
					 0x60,
					 0x86,
					 0x48,
					 1,
					 0x65,
					 3,
					 4,
					 2,
					 0,
					 CFS_DER_NULL,
					 0 };

	memcpy(ret, sha, sizeof(sha));
	ret[12] = hash == CFS_HASH_SHA256 ? 1 : hash == CFS_HASH_SHA384 ? 2 : 3;
	return (struct cfs_bytes){ ret, sizeof(sha) };
}

/* Those of ECDSA have no parameters, and name the hash once more. */
static struct cfs_bytes key_algorithm(const struct cfs_signer *signer,
				      uint8_t ret[12])
{
	static const uint8_t ecdsa[12] = { CFS_DER_SEQUENCE,
					   10,
					   CFS_DER_OID,
					   8,
					   0x2a,
					   0x86,
					   0x48,
					   0xce,
					   0x3d,
					   4,
					   3,
					   0 };

	if (signer->key == CFS_SIGNER_RSA)
		return rsa_encryption;
	memcpy(ret, ecdsa, sizeof(ecdsa));
	ret[11] = signer->hash == CFS_HASH_SHA256   ? 2
		  : signer->hash == CFS_HASH_SHA384 ? 3
						    : 4;
	return (struct cfs_bytes){ ret, sizeof(ecdsa) };
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

void cfs_pkcs7_write(const struct cfs_signer *signer, struct cfs_buf *out)
{
	uint8_t hash_text[15], key_text[12];
	struct cfs_bytes hash = hash_algorithm(signer->hash, hash_text);
	struct cfs_bytes key = key_algorithm(signer, key_text);
	size_t name = signer->issuer.len + element(signer->serial.len);
	size_t info = version_1.len + element(name) + hash.len + key.len +
		      element(signer->signature.len);
	size_t data = version_1.len + element(hash.len) + detached_data.len +
		      element(element(info));
	size_t wrap = element(data);

	add_head(out, CFS_DER_SEQUENCE, signed_data.len + element(wrap));
	add_part(out, signed_data);
	add_head(out, CFS_DER_CONTEXT(0), wrap);
	add_head(out, CFS_DER_SEQUENCE, data);
	add_part(out, version_1);
	add_head(out, CFS_DER_SET, hash.len);
	add_part(out, hash);
	add_part(out, detached_data);
	add_head(out, CFS_DER_SET, element(info));
	add_head(out, CFS_DER_SEQUENCE, info);
	add_part(out, version_1);
	add_head(out, CFS_DER_SEQUENCE, name);
	add_part(out, signer->issuer);
	add_head(out, CFS_DER_INTEGER, signer->serial.len);
	add_part(out, signer->serial);
	add_part(out, hash);
	add_part(out, key);
	add_head(out, CFS_DER_OCTET_STRING, signer->signature.len);
	add_part(out, signer->signature);
}
