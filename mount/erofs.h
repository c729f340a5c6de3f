/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mounts an EROFS image from an open descriptor.
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
	int fd; /* the detached mount; the caller closes it */
	enum cfs_backend backend;
	char loop[CFS_LOOP_NAME_MAX]; /* "/dev/loopN", or "" */
};

enum {
	CFS_EROFS_LOOP = 1 << 0,  /* always use a loop device: some kernels
				    count a file as a stacking level */
	CFS_EROFS_NOACL = 1 << 1, /* the image has no ACLs: see mount/acl.h */
};

/*
 * Mounts the EROFS image @image_fd (O_RDONLY), read-only and detached.  The
 * kernel is given the descriptor and no name, so that the file that was
 * measured is the one that is mounted.
 *
 * @name: for messages, and as the backing file of a loop device.
 * @flags: CFS_EROFS_*.
 *
 * Errors, with the kernel's messages: -EINVAL for anything but an EROFS image,
 * -EIO for damaged contents, -ENODEV if this kernel has no EROFS; those of
 * cfs_loop_attach().
 */
int cfs_erofs_mount(int image_fd, const char *name, unsigned flags,
		    struct cfs_erofs_mount *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
