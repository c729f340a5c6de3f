/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures checked by the kernel, for programs that check a few of them and
 * have libcrypto at hand for all others: to load libcrypto takes ten times as
 * long as the arithmetic of a signature does.
 */
#ifndef CFS_KEYS_KERNEL_CHECK_H
#define CFS_KEYS_KERNEL_CHECK_H

#include "keys/pem.h"
#include "keys/pkcs7.h"

/* Would libcrypto have to be loaded first, to be asked instead? */
bool cfs_kernel_is_cheaper(void);

/*
 * Does the kernel say that the key of @cert, an RSA key of a size that it takes
 * for fs-verity, made @signer's signature over @data?  False is no answer: the
 * signature may be wrong, of another kind of key, or not for this kernel to
 * check, which containers for instance have no right to ask.
 *
 * The certificate stays in the keyring of this process, for the next signature,
 * until cfs_kernel_forget().
 */
bool cfs_kernel_confirms(const struct cfs_cert *cert,
			 const struct cfs_signer *signer,
			 struct cfs_bytes data) CFS_NONNULL;

/* Takes @certs out of the keyring of this process. */
void cfs_kernel_forget(const struct cfs_certs *certs) CFS_NONNULL;

#endif
