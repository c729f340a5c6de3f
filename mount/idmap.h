/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_MOUNT_IDMAP_H
#define CFS_MOUNT_IDMAP_H

#include "base/err.h"

/*
 * Shows the files of the detached mount @mount_fd, which has not been attached
 * yet, with their owners mapped by the user namespace @userns_fd.
 *
 * Errors, each worded: -EINVAL @userns_fd is no user namespace, or this kernel
 * cannot map this file system (EROFS: Linux 5.19), -EPERM the namespace is our
 * own or the first one, or has no mapping.
 *
 * Source: mount_setattr(2), MOUNT_ATTR_IDMAP.
 */
int cfs_mount_idmap(int mount_fd, int userns_fd,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
