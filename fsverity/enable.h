/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_FSVERITY_ENABLE_H
#define CFS_FSVERITY_ENABLE_H

#include "base/bytes.h"
#include "fsverity/digest.h"
#include "fsverity/signature.h"

enum cfs_enabled {
	CFS_ENABLE_UNSUPPORTED = 0, /* the filesystem or kernel cannot */
	CFS_ENABLE_DONE,	    /* turned on now */
	CFS_ENABLE_ALREADY, /* it was on; signatures cannot be added later */
};

/*
 * Turns fs-verity on for the open file @fd: version 1, 4096-byte blocks, no
 * salt.  @fd is read-only and nobody may hold the file open for writing.
 * @signature: PKCS#7 DER for the kernel to check and keep, or empty.
 *
 * A writer that is about to vanish (-ETXTBSY, a fork elsewhere) and another
 * process doing the same (-EBUSY) are waited for, at most about a second.
 * Returns enum cfs_enabled.  Errors keep the kernel's code, worded with its
 * meaning: -ENOKEY (signer's certificate not in .fs-verity), -EKEYREJECTED
 * (wrong signature), -EBADMSG (no PKCS#7), -ENOPKG (algorithm unknown to this
 * kernel), -EPERM (require_signatures is set), -EMSGSIZE, ...
 *
 * Source: Documentation/filesystems/fsverity.rst, FS_IOC_ENABLE_VERITY.
 */
int cfs_verity_enable(int fd, enum cfs_alg alg, struct cfs_bytes signature,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
