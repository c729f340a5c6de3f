/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Mounting an image of a repository. */
#ifndef CFS_OPS_MOUNT_H
#define CFS_OPS_MOUNT_H

#include "repo/open.h"

struct cfs_mount_params {
	struct cfs_digest id; /* of the image */
	/* Only what fs-verity protects: the image, and each of its files when
	 * it is opened. See cfs_access_demands_verity(). */
	bool verity;
	/* Refuse an image that is not whole, as cfs_require_whole() does, and
	 * call it this; NULL: do not look. */
	const char *whole;
	bool read_write;       /* needs the two directories */
	int upper_fd, work_fd; /* of overlayfs, borrowed; -EBADF: none */
	/* A directory whose upper and work these are, in their place: see
	 * cfs_upper_open().  Borrowed; NULL: none. */
	const int *layers_fd;
};

/*
 * Mounts an image.  Returns 0 with the mount in *@ret_fd, which the caller owns
 * and attaches with move_mount(2); closed before that, it is gone.
 *
 * The image that is mounted is the one that was verified, on the same
 * descriptor.
 * Errors: -EPERM this process may not mount; those of cfs_image_open(),
 * cfs_require_whole(), cfs_repo_open_objects() and cfs_composefs_mount().
 */
int cfs_mount_image(const struct cfs_repo *repo,
		    const struct cfs_mount_params *params, int *ret_fd,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
