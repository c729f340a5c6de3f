/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An EROFS image, mounted from an open descriptor.
 */
#ifndef CFS_MOUNT_EROFS_H
#define CFS_MOUNT_EROFS_H

#include <stdbool.h>

#include "base/err.h"
#include "mount/loop.h"

enum cfs_backend {
	CFS_BACKEND_FILE, /* the kernel reads the file itself (Linux 6.12) */
	CFS_BACKEND_LOOP, /* through a read-only loop device */
};

struct cfs_erofs_mount {
	int fd; /* detached mount; the caller closes it */
	enum cfs_backend backend;
	char loop[CFS_LOOP_NAME_MAX]; /* "/dev/loopN", or "" */
};

/*
 * Mounts the EROFS image open as @image_fd (O_RDONLY), read-only and
 * detached.  The kernel is given the descriptor, no name: what was measured
 * is what is mounted.  The composefs header's ACL flag decides noacl.
 *
 * @name: for the loop device's backing-file field and for messages.
 * @force_loop: do not try the file way (kernels that count it as a stacking
 * level).
 *
 * Errors: -EINVAL no EROFS image, -EIO content damaged, -ENODEV no erofs in
 * this kernel; the kernel's own messages are part of the text.
 */
int cfs_erofs_mount(int image_fd, const char *name, bool force_loop,
		    struct cfs_erofs_mount *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
