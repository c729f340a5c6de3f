/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks of signatures where libcrypto is at hand.  The judgement is that of
 * keys/pkcs7.h; only the arithmetic is another's.
 */
#ifndef CFS_KEYS_VERIFY_H
#define CFS_KEYS_VERIFY_H

#include "keys/pem.h"
#include "keys/pkcs7.h"

/*
 * Does a certificate of @certs vouch for @digest by the signature @der?
 *
 * Certificates are pinned: a signer is one of them or unknown.  There are no
 * chains (an issuer in @certs does nothing), no purposes and no expiry, as in
 * the kernel; cfs_cert_describe() tells of the last.
 *
 * Returns 0 with the index of the first that does in *@ret_cert (may be NULL).
 * Errors: -ENODATA, -EBADMSG, -EKEYREJECTED, -ENOPKG, -ENOKEY, as
 * cfs_pkcs7_check(), and -ENOPKG for keys that the kernel does not take.
 */
int cfs_signature_verify(struct cfs_bytes der, const struct cfs_digest *digest,
			 const struct cfs_certs *certs, unsigned *ret_cert,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 5)));

/*
 * The same for a process that checks a few signatures: the kernel is asked
 * first (keys/kernel_check.h), and where its answer is not yes, libcrypto is
 * loaded and decides.  cfs_kernel_forget() follows after the last one.
 */
int cfs_signature_confirm(struct cfs_bytes der, const struct cfs_digest *digest,
			  const struct cfs_certs *certs, unsigned *ret_cert,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 5)));

#endif
