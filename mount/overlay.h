/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One overlay mount from descriptors, by whichever interface this kernel has.
 */
#ifndef CFS_MOUNT_OVERLAY_H
#define CFS_MOUNT_OVERLAY_H

#include <stdbool.h>

#include "base/err.h"

/* How the layers were handed over, best first. */
enum cfs_layer_api {
	CFS_LAYERS_FD,	   /* FSCONFIG_SET_FD (Linux 6.13/6.15) */
	CFS_LAYERS_STRING, /* lowerdir+, datadir+ as /proc/self/fd/N (6.7) */
	CFS_LAYERS_LEGACY, /* one lowerdir=A::B string (6.5, RHEL 9) */
};

struct cfs_overlay_params {
	const char *source; /* first field of /proc/mounts */
	int lower_fd;	    /* the one lower layer: a mount or a directory */
	int data_fd;	    /* data-only layer (objects/), or -1 */
	int upper_fd;	    /* with work_fd, or both -1 */
	int work_fd;
	bool verity;   /* verity=require */
	unsigned attr; /* MOUNT_ATTR_* of the new mount */
};

/*
 * Makes the overlay, detached: *@ret_fd is the mount, owned by the caller;
 * *@ret_api says which interface did it.
 * With a data layer metacopy and redirect_dir are on; with an upper one index
 * and nfs_export are off; userxattr never.
 *
 * Errors: -EINVAL with the kernel's own words (depth, unknown verity=: the
 * text then names the kernel needed), -ENODEV no overlay in this kernel,
 * -EROFS upper on a read-only file system, ...
 */
int cfs_overlay_mount(const struct cfs_overlay_params *params, int *ret_fd,
		      enum cfs_layer_api *ret_api,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
