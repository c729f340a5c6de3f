/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_FSVERITY_ENABLE_H
#define CFS_FSVERITY_ENABLE_H

#include "base/bytes.h"
#include "fsverity/digest.h"
#include "fsverity/signature.h"

enum cfs_enabled {
	CFS_ENABLE_UNSUPPORTED = 0, /* by the file system or the kernel */
	CFS_ENABLE_DONE,	    /* fs-verity is enabled now */
	CFS_ENABLE_ALREADY, /* it was enabled before, without @signature */
};

/*
 * Enables fs-verity on the open file @fd: version 1, 4096-byte blocks, no salt.
 * @fd must be read-only, and no process may have the file open for writing.
 * @signature: PKCS#7 in DER, for the kernel to check and store, or empty.
 *
 * Waits up to about a second for a writer to go away (-ETXTBSY: a concurrent
 * fork may hold a copy of its descriptor for an instant) and for another
 * process that is enabling fs-verity on the file (-EBUSY).
 * Returns enum cfs_enabled.  Errors have the kernel's code and say what it
 * means: -ENOKEY (the signer's certificate is not in .fs-verity), -EKEYREJECTED
 * (wrong signature), -EBADMSG (not PKCS#7), -ENOPKG (algorithm unknown to this
 * kernel), -EPERM (require_signatures is set), -EMSGSIZE, and others.
 *
 * Source: Documentation/filesystems/fsverity.rst, FS_IOC_ENABLE_VERITY.
 */
int cfs_verity_enable(int fd, enum cfs_alg alg, struct cfs_bytes signature,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
