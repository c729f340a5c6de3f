/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_MOUNT_LOOP_H
#define CFS_MOUNT_LOOP_H

#include "base/err.h"

#define CFS_LOOP_NAME_MAX 32

/*
 * Puts a free loop device, read-only and gone with its last user, over the
 * open file @fd and writes its name ("/dev/loopN") to @name.
 * @backing: what losetup(8) shall show as the backing file.
 *
 * Returns the device's descriptor, owned by the caller, who keeps it until the
 * device is mounted.
 * Errors: -ENODEV no loop devices in this kernel, -EBUSY none to be had.
 *
 * Source: linux/loop.h; LOOP_CONFIGURE needs Linux 5.8.
 */
int cfs_loop_attach(int fd, const char *backing,
		    char name[static CFS_LOOP_NAME_MAX],
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
