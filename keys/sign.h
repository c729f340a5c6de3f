/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Makes the signatures that kernels check: PKCS#7 over a formatted fs-verity
 * digest, detached, with neither attributes nor certificates.  With RSA keys
 * the bytes are those of `fsverity sign` and of `openssl smime -sign -binary
 * -noattr -nocerts`.
 *
 * Source: Documentation/filesystems/fsverity.rst, "Built-in signature
 * verification"; RFC 2315.
 */
#ifndef CFS_KEYS_SIGN_H
#define CFS_KEYS_SIGN_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"
#include "fsverity/digest.h"
#include "keys/pem.h"

/* A certificate with its private key.  Unless the key is in a token, several
 * threads may sign with it at once. */
struct cfs_signing;
struct cfs_privkey;

/*
 * Opens the pair.  @cert: a certificate file; of several in it, the one that
 * belongs to the key is taken.  @key: a PEM file, or a "pkcs11:" URI, for which
 * OpenSSL's provider of that name is loaded.  A pass phrase or PIN is asked for
 * on the terminal.
 *
 * Errors: -ENOENT, -EBADMSG no certificate or key, -EKEYREJECTED they do not
 * belong together, -ENOPKG a key the kernel does not take or no provider.
 */
int cfs_signing_open(const char *cert, const char *key,
		     struct cfs_signing **ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_signing_free(struct cfs_signing *signing);
CFS_DEFINE_AUTO(struct cfs_signing, cfs_signing_free);

/* The certificate of the pair; borrowed. */
const struct cfs_cert *cfs_signing_cert(const struct cfs_signing *signing)
	CFS_NONNULL;

/* The private key of the pair; borrowed. */
const struct cfs_privkey *cfs_signing_key(const struct cfs_signing *signing)
	CFS_NONNULL;

/*
 * Signs @digest and appends the PKCS#7 DER to @out.
 *
 * @old: the signature so far, or empty.  Its signers stay, in one blob with
 * the new one: a file has room for one blob only.  Where @signing's signer is
 * in it and right, nothing is signed and @out gets the bytes of @old; where it
 * is wrong it is replaced.
 * The hash is the digest's own.  RSA and PKCS#1 v1.5: same input, same bytes.
 *
 * Returns 1, or 0 when it was there already.
 * Errors: -EBADMSG or -ENOPKG @old is no such signature, -EFBIG it would not
 * fit (CFS_SIGNATURE_MAX, CFS_SIGNERS_MAX), libcrypto's as -EIO.
 */
int cfs_sign(const struct cfs_signing *signing, const struct cfs_digest *digest,
	     struct cfs_bytes old, struct cfs_buf *out,
	     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4, 5)));

/*
 * Signs the bytes @message and appends a PKCS#7 DER that has them in it and the
 * certificate, without attributes, with SHA-256: the form of policies that the
 * kernel loads.  The bytes are those of `openssl smime -sign -binary -noattr
 * -nodetach -nosmimecap -md sha256`.
 * Errors: libcrypto's as -EIO, -ENOMEM.
 */
int cfs_sign_message(const struct cfs_signing *signing,
		     struct cfs_bytes message, struct cfs_buf *out,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

/*
 * Puts the signers of @more, made elsewhere, into @old in the same way: those
 * that one of @certs vouches for, and no others.  Embedded certificates and
 * unauthenticated attributes are left out.
 *
 * Returns how many signers are new; @out gets the bytes of @old when none is.
 * Errors: those of cfs_signature_verify() for @more, and of cfs_sign().
 */
int cfs_signature_attach(struct cfs_bytes more, const struct cfs_digest *digest,
			 const struct cfs_certs *certs, struct cfs_bytes old,
			 struct cfs_buf *out,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 5, 6)));

/*
 * Appends the blob @old without the signers that @certs names by issuer and
 * serial number to @out, and nothing if no other signer is in it.  Nothing is
 * verified: this is for taking back trust.
 *
 * Returns how many signers were left out; 0: @out gets the bytes of @old.
 * Errors: -ENODATA @old is empty, -EBADMSG it is no such signature, libcrypto's
 * as -EIO.
 */
int cfs_signature_without(struct cfs_bytes old, const struct cfs_certs *certs,
			  struct cfs_buf *out,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 4)));

#endif
