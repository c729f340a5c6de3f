/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_FSVERITY_SIGNATURE_H
#define CFS_FSVERITY_SIGNATURE_H

#include <stdint.h>

#include "base/err.h"

/* Longest signature the kernel takes, in bytes.
 * Source: fs/verity/fsverity_private.h, FS_VERITY_MAX_SIGNATURE_SIZE. */
#define CFS_SIGNATURE_MAX 16128

/*
 * Reads the builtin signature kept with the verity file @fd into @ret, which
 * has room for CFS_SIGNATURE_MAX bytes.
 * Returns its length, 0 when the file has none, or -ENOTTY (not worded) when
 * kernel or filesystem cannot tell (before Linux 5.12; btrfs before 6.14).
 */
int cfs_verity_read_signature(int fd, uint8_t *ret,
			      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
