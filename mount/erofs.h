/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An EROFS image, mounted from an open descriptor.
 */
#ifndef CFS_MOUNT_EROFS_H
#define CFS_MOUNT_EROFS_H

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

enum {
	CFS_EROFS_LOOP = 1 << 0, /* not as a file: some kernels count that as a
				    stacking level */
	CFS_EROFS_ACL = 1 << 1,	 /* leave ACLs on without asking the image */
};

/*
 * Mounts the EROFS image open as @image_fd (O_RDONLY), read-only and
 * detached.  The kernel is given the descriptor, no name: what was measured
 * is what is mounted.  An image whose composefs header says that it has no
 * ACLs is mounted noacl, which saves the kernel looking for them.
 *
 * @name: for the loop device's backing-file field and for messages.
 * @flags: CFS_EROFS_*.
 *
 * Errors: -EINVAL no EROFS image, -EIO content damaged, -ENODEV no erofs in
 * this kernel; the kernel's own messages are part of the text.
 */
int cfs_erofs_mount(int image_fd, const char *name, unsigned flags,
		    struct cfs_erofs_mount *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
