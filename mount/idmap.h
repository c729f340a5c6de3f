/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_MOUNT_IDMAP_H
#define CFS_MOUNT_IDMAP_H

#include "base/err.h"

/*
 * Maps the owners of the files in @mount_fd, a mount that was never attached,
 * by the user namespace @userns_fd.
 *
 * Errors: -EINVAL if @userns_fd is not a user namespace or this kernel cannot
 * map this file system (EROFS: Linux 5.19), -EPERM if the namespace is that of
 * the caller or the initial one, or has no mapping.
 *
 * Source: mount_setattr(2), MOUNT_ATTR_IDMAP.
 */
int cfs_mount_idmap(int mount_fd, int userns_fd,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
