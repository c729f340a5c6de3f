/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writing below a mount that the rest of the system sees read-only. */
#ifndef CFS_MOUNT_WRITABLE_H
#define CFS_MOUNT_WRITABLE_H

#include "base/err.h"

/*
 * Makes @path writable for this process and its children, if it lies on the
 * mount at @mount and that is read-only: composefs-setup-root mounts the
 * physical root so, to keep everything but its tools from writing there.  The
 * process gets a mount namespace of its own, so nothing changes for others.
 * The read-only flag is that of the mount; a file system that is read-only
 * itself stays so.
 *
 * To be called before anything below @path is opened: descriptors of the old
 * namespace stay read-only.
 *
 * Returns 1 if it is writable now, or 0 if nothing was changed: @path does not
 * exist, is on another mount or not read-only, this process must not change
 * mounts, or the kernel is older than 5.12.  Errors: those of mount_setattr(2).
 */
int cfs_mount_make_writable(const char *path, const char *mount,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
