/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A detached PKCS#7 signature over an fs-verity digest, read strictly and
 * checked without a cryptographic library: DER is parsed here, the arithmetic
 * is the kernel's (keyctl_pkey_verify, CONFIG_ASYMMETRIC_KEY_TYPE).
 *
 * This is the second proof of a signature, for kernels and file systems that
 * have no builtin signatures.  Its answers agree with the kernel's own wherever
 * both refuse.
 *
 * Source: RFC 2315 (PKCS#7), crypto/asymmetric_keys/pkcs7_verify.c (order of
 * answers), Documentation/security/keys/core.rst (pkey operations).
 */
#ifndef CFS_KEYS_PKCS7_H
#define CFS_KEYS_PKCS7_H

#include "base/bytes.h"
#include "base/err.h"
#include "fsverity/digest.h"
#include "keys/hash.h"
#include "keys/pem.h"

#define CFS_SIGNERS_MAX 16

enum cfs_signer_key {
	CFS_SIGNER_RSA, /* PKCS#1 v1.5 */
	CFS_SIGNER_ECDSA,
	CFS_SIGNER_KEY_OTHER,
};

struct cfs_signer {
	struct cfs_bytes issuer; /* slices of the signature's DER */
	struct cfs_bytes serial;
	enum cfs_hash hash; /* CFS_HASH_OTHER is refused */
	enum cfs_signer_key key;
	struct cfs_bytes signature;
};

struct cfs_pkcs7 {
	unsigned n;
	struct cfs_signer v[CFS_SIGNERS_MAX];
};

/*
 * Parses @der: ContentInfo signedData, version 1, content type data, detached,
 * 1 to CFS_SIGNERS_MAX signers of version 1 without authenticated attributes,
 * no byte left over.  Embedded certificates have to be framed as such and are
 * stepped over; so are unauthenticated attributes.
 * The result borrows from @der.
 *
 * Errors: -EBADMSG for anything else or more than CFS_SIGNATURE_MAX bytes,
 * -ENODATA for an empty @der.
 */
int cfs_pkcs7_parse(struct cfs_bytes der, struct cfs_pkcs7 *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Is @signer @cert, by issuer and serial number? */
bool cfs_signer_is(const struct cfs_signer *signer,
		   const struct cfs_cert *cert) CFS_NONNULL;

/*
 * The arithmetic of one signature: is it made over @data by the key of @cert?
 * @signer's algorithms are known ones, @data is what was hashed.
 * Errors: -EKEYREJECTED no, -ENOPKG not to be computed here, else final.
 */
typedef int cfs_signer_verify(const struct cfs_cert *cert,
			      const struct cfs_signer *signer,
			      struct cfs_bytes data, struct cfs_err *err);

/*
 * The judgement over a whole blob, with @verify to compute: cfs_pkcs7_check()
 * and keys/verify's differ in nothing else.
 *
 * Every signer's algorithms have to be known ones, also those of strangers:
 * there are kernels that cannot read such a blob at all.  Then, of every signer
 * that is one of @certs by issuer and serial number: a wrong signature decides
 * at once; else one right signature is enough.
 */
int cfs_pkcs7_judge(struct cfs_bytes der, const struct cfs_digest *digest,
		    const struct cfs_certs *certs, cfs_signer_verify *verify,
		    unsigned *ret_cert, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 4, 6)));

/*
 * Does a certificate of @certs vouch for @digest by the signature @der?
 * Certificates are loaded as asymmetric keys into the process keyring and the
 * kernel does the arithmetic.
 *
 * Returns 0 when at least one signer is one of @certs, its signature is right
 * and no signer's that is one of them is wrong; *@ret_cert (may be NULL) is the
 * first such certificate's index.
 * Errors: -ENODATA no signature, -EBADMSG malformed, -EKEYREJECTED a wrong
 * signature, -ENOPKG unsupported algorithm, -ENOKEY no known signer.
 */
int cfs_pkcs7_check(struct cfs_bytes der, const struct cfs_digest *digest,
		    const struct cfs_certs *certs, unsigned *ret_cert,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 5)));

#endif
