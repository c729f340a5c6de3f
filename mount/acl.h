/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_MOUNT_ACL_H
#define CFS_MOUNT_ACL_H

#include "base/err.h"

/*
 * Reads in the composefs header of the image @image_fd (O_RDONLY) whether it
 * has ACLs.  The kernel need not look for any in one that has none.
 *
 * @name: of the image, for messages.
 *
 * Returns the flag for cfs_erofs_mount(), CFS_EROFS_NOACL if a header of format
 * 0 or 1 says so, or 0.
 * Errors: those of reading.
 */
int cfs_erofs_acl_flag(int image_fd, const char *name,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
