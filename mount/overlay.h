/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One overlay mount from descriptors, by whichever interface this kernel has.
 *
 * Source: Documentation/filesystems/overlayfs.rst ("Data-only lower layers",
 * "fs-verity support", "Layers by file descriptor").
 */
#ifndef CFS_MOUNT_OVERLAY_H
#define CFS_MOUNT_OVERLAY_H

#include <stdbool.h>

#include "base/err.h"
#include "mount/scratch.h"

/* How the layers are handed over, best first. */
enum cfs_layer_api {
	CFS_LAYERS_FD,	   /* FSCONFIG_SET_FD, also of detached mounts (6.15) */
	CFS_LAYERS_STRING, /* lowerdir+, datadir+ as /proc/self/fd/N (6.7) */
	CFS_LAYERS_LEGACY, /* one lowerdir=A::B string (6.5, RHEL 9) */
};

/* "fd", "string" or "legacy". */
const char *cfs_layer_api_name(enum cfs_layer_api api);

struct cfs_overlay_params {
	const char *source;  /* first field of /proc/mounts */
	int lower_fd;	     /* the one lower layer: a mount or a directory */
	const int *data_fds; /* data-only layers (objects/), searched in turn */
	size_t n_data;
	int upper_fd; /* with work_fd, or both -1 */
	int work_fd;
	bool verity; /* verity=require */
	/* For kernels without data-only layers (before 6.5): their names show
	 * in the root, unless whiteouts of the lower layer hide them, as an
	 * image of layout 0 or 1 has them.  With CFS_LAYERS_LEGACY. */
	bool merged;
	bool sync;     /* writes are on the disk before they return */
	unsigned attr; /* MOUNT_ATTR_* of the new mount */
	/* Mounts the layers lie on that may be detached, or -1: attached for
	 * kernels that overlay attached mounts only. */
	int mounts[2];
};

/*
 * Makes the overlay, detached.  With a data layer metacopy and redirect_dir
 * are on; with an upper one index is off (and so is nfs_export); userxattr
 * never.
 *
 * @api: in, the best interface to try (CFS_LAYERS_FD, or what an earlier
 * overlay ended with); out, the one that did it.
 *
 * Returns the mount, owned by the caller.
 * Errors: -EINVAL with the kernel's own words (depth), -EOPNOTSUPP this kernel
 * is too old for what was asked (the text says which is needed), -ENODEV no
 * overlay in this kernel, -EROFS upper on a read-only file system, -E2BIG
 * more data layers (a dozen) than CFS_LAYERS_LEGACY can name, ...
 */
int cfs_overlay_mount(const struct cfs_overlay_params *params,
		      struct cfs_scratch *scratch, enum cfs_layer_api *api,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
