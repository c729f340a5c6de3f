/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/pkcs7.h"

#include <keyutils.h>
#include <string.h>

#include "fsverity/signature.h"
#include "keys/der.h"
#include "keys/keyring.h"

/* Object identifiers, the contents of their DER. */
#define BYTES(...)                                               \
	{                                                        \
		(const uint8_t[]){ __VA_ARGS__ },                \
			sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

/* Source: RFC 2315, section 14: pkcs-7 1 and 2. */
static const struct cfs_bytes oid_data =
	BYTES(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01);
static const struct cfs_bytes oid_signed_data =
	BYTES(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02);

/* Source: RFC 5754, section 2. */
static const struct {
	enum cfs_hash hash;
	struct cfs_bytes oid;
} hashes[] = {
	{ CFS_HASH_SHA256,
	  BYTES(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01) },
	{ CFS_HASH_SHA384,
	  BYTES(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02) },
	{ CFS_HASH_SHA512,
	  BYTES(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03) },
};

/* Source: RFC 3279, 2.3.1 (rsaEncryption: the kernel takes no other name for
 * it) and RFC 5758, 3.2 (ecdsa-with-SHA*, which name the hash once more). */
static const struct {
	enum cfs_signer_key key;
	enum cfs_hash hash; /* OTHER: says nothing of it */
	struct cfs_bytes oid;
} schemes[] = {
	{ CFS_SIGNER_RSA, CFS_HASH_OTHER,
	  BYTES(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01) },
	{ CFS_SIGNER_ECDSA, CFS_HASH_SHA256,
	  BYTES(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02) },
	{ CFS_SIGNER_ECDSA, CFS_HASH_SHA384,
	  BYTES(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03) },
	{ CFS_SIGNER_ECDSA, CFS_HASH_SHA512,
	  BYTES(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04) },
};

static bool take_version_1(struct cfs_bytes *in)
{
	struct cfs_bytes body;

	return cfs_der_take(in, CFS_DER_INTEGER, &body, NULL) &&
	       body.len == 1 && body.data[0] == 1;
}

static bool take_oid(struct cfs_bytes *in, const struct cfs_bytes *want)
{
	struct cfs_bytes oid;

	return cfs_der_take(in, CFS_DER_OID, &oid, NULL) &&
	       cfs_bytes_same(oid, *want);
}

/* Takes an AlgorithmIdentifier.  @ret_plain: its parameters are missing, or
 * NULL. */
static bool take_algorithm(struct cfs_bytes *in, struct cfs_bytes *ret_oid,
			   bool *ret_plain)
{
	const struct cfs_bytes null = BYTES(CFS_DER_NULL, 0);
	struct cfs_bytes body;

	if (!cfs_der_take(in, CFS_DER_SEQUENCE, &body, NULL) ||
	    !cfs_der_take(&body, CFS_DER_OID, ret_oid, NULL))
		return false;
	*ret_plain = !body.len || cfs_bytes_same(body, null);
	return !body.len || (cfs_der_skip(&body) && !body.len);
}

/* An unknown hash is no fault of the form: it is refused by a message of its
 * own (algorithms_known()). */
static bool take_hash(struct cfs_bytes *in, struct cfs_signer *ret)
{
	struct cfs_bytes oid;
	bool plain;

	if (!take_algorithm(in, &oid, &plain))
		return false;
	ret->hash = CFS_HASH_OTHER;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(hashes); i++)
		if (cfs_bytes_same(oid, hashes[i].oid))
			ret->hash = hashes[i].hash;
	return plain || ret->hash == CFS_HASH_OTHER;
}

static bool take_scheme(struct cfs_bytes *in, struct cfs_signer *ret)
{
	struct cfs_bytes oid;
	bool plain;

	if (!take_algorithm(in, &oid, &plain))
		return false;
	ret->key = CFS_SIGNER_KEY_OTHER;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(schemes); i++) {
		if (!cfs_bytes_same(oid, schemes[i].oid))
			continue;
		if (!plain)
			return false;
		/* Two names for one hash have to be the same one. */
		if (schemes[i].hash != CFS_HASH_OTHER &&
		    schemes[i].hash != ret->hash)
			return false;
		ret->key = schemes[i].key;
	}
	return true;
}

/* RFC 2315, 9.2. */
static bool take_signer(struct cfs_bytes *in, struct cfs_signer *ret)
{
	struct cfs_bytes info, name, body;

	if (!cfs_der_take(in, CFS_DER_SEQUENCE, &info, NULL) ||
	    !take_version_1(&info) ||
	    !cfs_der_take(&info, CFS_DER_SEQUENCE, &name, NULL) ||
	    !cfs_der_take(&name, CFS_DER_SEQUENCE, &body, &ret->issuer) ||
	    !cfs_der_take(&name, CFS_DER_INTEGER, &ret->serial, NULL) ||
	    !ret->serial.len || name.len)
		return false;
	/* Authenticated attributes, [0], would follow the hash.  They are
	 * refused, since the signature would be over them instead of the
	 * digest. */
	if (!take_hash(&info, ret) || !take_scheme(&info, ret) ||
	    !cfs_der_take(&info, CFS_DER_OCTET_STRING, &ret->signature, NULL))
		return false;
	if (cfs_der_is(info, CFS_DER_CONTEXT(1)) && !cfs_der_skip(&info))
		return false;
	return info.len == 0;
}

/* Certificates in a blob are not used, as anyone can put them there.  They only
 * have to look like some. */
static bool are_certificates(struct cfs_bytes set)
{
	struct cfs_bytes body, whole, issuer, serial;

	while (set.len)
		if (!cfs_der_take(&set, CFS_DER_SEQUENCE, &body, &whole) ||
		    !cfs_der_certificate(whole, &issuer, &serial))
			return false;
	return true;
}

static bool are_algorithms(struct cfs_bytes set)
{
	struct cfs_bytes oid;
	bool plain;

	while (set.len)
		if (!take_algorithm(&set, &oid, &plain))
			return false;
	return true;
}

/* RFC 2315, 7 and 9.1: everything before the signers.  *@ret is their set. */
static bool open_blob(struct cfs_bytes der, struct cfs_bytes *ret)
{
	struct cfs_bytes info, wrap, data, body, content;

	if (!cfs_der_take(&der, CFS_DER_SEQUENCE, &info, NULL) || der.len ||
	    !take_oid(&info, &oid_signed_data) ||
	    !cfs_der_take(&info, CFS_DER_CONTEXT(0), &wrap, NULL) || info.len ||
	    !cfs_der_take(&wrap, CFS_DER_SEQUENCE, &data, NULL) || wrap.len)
		return false;
	if (!take_version_1(&data) ||
	    !cfs_der_take(&data, CFS_DER_SET, &body, NULL) ||
	    !are_algorithms(body))
		return false;
	if (!cfs_der_take(&data, CFS_DER_SEQUENCE, &content, NULL) ||
	    !take_oid(&content, &oid_data) || content.len)
		return false; /* of another type, or attached */
	if (cfs_der_is(data, CFS_DER_CONTEXT(0)) &&
	    (!cfs_der_take(&data, CFS_DER_CONTEXT(0), &body, NULL) ||
	     !are_certificates(body)))
		return false;
	return cfs_der_take(&data, CFS_DER_SET, ret, NULL) && !data.len;
}

int cfs_pkcs7_parse(struct cfs_bytes der, struct cfs_pkcs7 *ret,
		    struct cfs_err *err)
{
	struct cfs_pkcs7 p7 = { 0 };
	struct cfs_bytes signers;

	if (!der.len)
		return cfs_fail(err, ENODATA, "there is no signature");
	if (der.len > CFS_SIGNATURE_MAX)
		return cfs_fail(err, EBADMSG,
				"signature is %zu bytes; the maximum is %d",
				der.len, CFS_SIGNATURE_MAX);
	if (!open_blob(der, &signers))
		return cfs_fail(err, EBADMSG,
				"not a detached PKCS#7 signature in DER");
	while (signers.len) {
		if (p7.n == CFS_SIGNERS_MAX)
			return cfs_fail(err, EBADMSG,
					"signature of more than %d signers",
					CFS_SIGNERS_MAX);
		if (!take_signer(&signers, &p7.v[p7.n++]))
			return cfs_fail(err, EBADMSG,
					"signer %u of the signature is "
					"malformed or has attributes",
					p7.n);
	}
	if (!p7.n)
		return cfs_fail(err, EBADMSG, "signature without a signer");
	*ret = p7;
	return 0;
}

bool cfs_signer_is(const struct cfs_signer *signer, const struct cfs_cert *cert)
{
	return cfs_bytes_same(signer->issuer, cert->issuer) &&
	       cfs_bytes_same(signer->serial, cert->serial);
}

static int algorithms_known(const struct cfs_pkcs7 *p7, struct cfs_err *err)
{
	for (unsigned i = 0; i < p7->n; i++)
		if (p7->v[i].hash == CFS_HASH_OTHER ||
		    p7->v[i].key == CFS_SIGNER_KEY_OTHER)
			return cfs_fail(err, ENOPKG,
					"signer %u uses an unsupported "
					"algorithm; RSA (PKCS#1 v1.5) or ECDSA "
					"with SHA-256, SHA-384 or SHA-512 is "
					"needed",
					i + 1);
	return 0;
}

int cfs_pkcs7_judge(struct cfs_bytes der, const struct cfs_digest *digest,
		    const struct cfs_certs *certs, cfs_signer_verify *verify,
		    unsigned *ret_cert, struct cfs_err *err)
{
	uint8_t text[CFS_FORMATTED_MAX];
	struct cfs_bytes data = { text, cfs_digest_format(digest, text) };
	struct cfs_err unsupported = { 0 };
	struct cfs_pkcs7 p7;
	int good = -1;
	int r = cfs_pkcs7_parse(der, &p7, err);

	if (r == 0)
		r = algorithms_known(&p7, err);
	if (r < 0)
		return r;
	/* All of them are looked at, also after a good one: a certificate that
	 * is trusted and named by a wrong signature is an attack or a defect,
	 * and no majority makes up for it. */
	for (unsigned i = 0; i < p7.n * certs->n; i++) {
		const struct cfs_signer *signer = &p7.v[i / certs->n];
		const struct cfs_cert *cert = &certs->v[i % certs->n];
		struct cfs_err why = { 0 };

		if (!cfs_signer_is(signer, cert))
			continue;
		r = verify(cert, signer, data, &why);
		if (r == -ENOPKG) {
			unsupported = why;
		} else if (r < 0) {
			*err = why;
			return r;
		} else if (good < 0) {
			good = (int)(i % certs->n);
		}
	}
	if (good < 0 && unsupported.code) {
		*err = unsupported;
		return -ENOPKG;
	}
	if (good < 0)
		return cfs_fail(err, ENOKEY,
				"none of the %u given certificates made one of "
				"its %u signatures",
				certs->n, p7.n);
	if (ret_cert)
		*ret_cert = (unsigned)good;
	return 0;
}

/* Codes of keyctl_pkey_verify(3) that are about the signature's bytes. */
static bool says_wrong(int code)
{
	return code == EKEYREJECTED || code == EBADMSG || code == EINVAL ||
	       code == EMSGSIZE || code == EOVERFLOW || code == ERANGE;
}

static int verify_with(cfs_key key, const struct cfs_cert *cert,
		       const struct cfs_signer *signer, struct cfs_bytes data,
		       struct cfs_err *err)
{
	bool rsa = signer->key == CFS_SIGNER_RSA;
	uint8_t sum[CFS_HASH_MAX];
	size_t len = cfs_hash(signer->hash, data, sum);
	char info[64];
	int code;

	/* Source: linux crypto/asymmetric_keys/public_key.c; x962 is the DER
	 * sequence of two integers that PKCS#7 has. */
	snprintf(info, sizeof(info), "enc=%s hash=%s", rsa ? "pkcs1" : "x962",
		 cfs_hash_name(signer->hash));
	if (keyctl_pkey_verify(key, info, sum, len, signer->signature.data,
			       signer->signature.len) == 0)
		return 0;
	code = errno;
	if (says_wrong(code))
		return cfs_fail(err, EKEYREJECTED,
				"wrong signature: it names the certificate of "
				"%s, whose key did not make it over this image",
				cert->file);
	if (code == ENOPKG || code == ENOENT || code == EOPNOTSUPP)
		return cfs_fail(err, ENOPKG,
				"this kernel cannot compute %s: load its "
				"module (sha512) or sign otherwise",
				info);
	return cfs_fail(err, code, "verify a signature in the kernel: %s",
			strerror(code));
}

static int kernel_verify(const struct cfs_cert *cert,
			 const struct cfs_signer *signer, struct cfs_bytes data,
			 struct cfs_err *err)
{
	cfs_key key;
	/* The keyring of this process: no other key of that name is asked by
	 * mistake, and no other process can use this one. */
	int r = cfs_keyring_add(KEY_SPEC_PROCESS_KEYRING, cert, &key, err);

	/* This kernel cannot use such a key, which tells nothing about the
	 * signature. */
	if (r == -ENOENT || r == -EINVAL || r == -ENODEV || r == -ENOSYS) {
		err->code = ENOPKG;
		return -ENOPKG;
	}
	if (r < 0)
		return r;
	r = verify_with(key, cert, signer, data, err);
	/* The key was needed for this one question only. */
	(void)keyctl_unlink(key, KEY_SPEC_PROCESS_KEYRING);
	return r;
}

int cfs_pkcs7_check(struct cfs_bytes der, const struct cfs_digest *digest,
		    const struct cfs_certs *certs, unsigned *ret_cert,
		    struct cfs_err *err)
{
	return cfs_pkcs7_judge(der, digest, certs, kernel_verify, ret_cert,
			       err);
}
