/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_MOUNT_LOOP_H
#define CFS_MOUNT_LOOP_H

#include "base/err.h"

#define CFS_LOOP_NAME_MAX 32

/*
 * Sets up a free loop device for the open file @fd, read-only, and writes its
 * name ("/dev/loopN") to @name.  The device is freed with its last user.
 * @backing: the name that losetup(8) will show for the file.
 *
 * Returns the device's descriptor, which the caller must keep open until the
 * device is mounted, and close.
 * Errors: -ENODEV if this kernel has no loop devices, -EBUSY if none is free.
 *
 * Source: linux/loop.h; LOOP_CONFIGURE needs Linux 5.8.
 */
int cfs_loop_attach(int fd, const char *backing,
		    char name[static CFS_LOOP_NAME_MAX],
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
