/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mounts an overlay whose layers are descriptors, by whichever interface this
 * kernel has.
 *
 * Source: Documentation/filesystems/overlayfs.rst ("Data-only lower layers",
 * "fs-verity support", "Layers by file descriptor").
 */
#ifndef CFS_MOUNT_OVERLAY_H
#define CFS_MOUNT_OVERLAY_H

#include <stdbool.h>

#include "base/err.h"
#include "mount/scratch.h"

/* The ways to pass layers to the kernel, best first. */
enum cfs_layer_api {
	CFS_LAYERS_FD,	   /* FSCONFIG_SET_FD, also of detached mounts (6.15) */
	CFS_LAYERS_STRING, /* lowerdir+, datadir+ as /proc/self/fd/N (6.7) */
	CFS_LAYERS_LEGACY, /* one lowerdir=A::B string (6.5, RHEL 9) */
};

/* Returns "fd", "string" or "legacy". */
const char *cfs_layer_api_name(enum cfs_layer_api api);

struct cfs_overlay_params {
	const char *source;  /* first field of /proc/mounts */
	int lower_fd;	     /* the only lower layer: a mount or a directory */
	const int *data_fds; /* data-only layers (objects/), searched in turn */
	size_t n_data;
	int upper_fd; /* upper and work directory, or both -1 */
	int work_fd;
	bool verity; /* verity=require */
	/* For kernels before 6.5, which have no data-only layers: merge the
	 * data layers with the lower one.  Their names appear in the root,
	 * unless whiteouts hide them, as in images of format 0 and 1.  Implies
	 * CFS_LAYERS_LEGACY. */
	bool merged;
	bool sync;     /* mount option sync */
	unsigned attr; /* MOUNT_ATTR_* of the new mount */
	/* Detached mounts that have the layers, or -1.  They are attached for
	 * kernels that only take layers from attached mounts. */
	int mounts[2];
};

/*
 * Creates the overlay as a detached mount.  Options: metacopy is on if there is
 * a data layer, and with it redirect_dir; index, and with it nfs_export, is off
 * if there is an upper layer; userxattr is never set.
 *
 * @api: on entry the best interface to try, CFS_LAYERS_FD or the one that
 * worked for an earlier overlay; on return the one that worked.
 *
 * Returns the mount, which the caller closes.
 * Errors: -EOPNOTSUPP if this kernel is too old (the message says which one is
 * needed), -ENODEV if it has no overlayfs, -EROFS if the upper layer is on a
 * read-only file system, -E2BIG for more data layers than CFS_LAYERS_LEGACY can
 * name (about a dozen), -EINVAL and others with the kernel's messages.
 */
int cfs_overlay_mount(const struct cfs_overlay_params *params,
		      struct cfs_scratch *scratch, enum cfs_layer_api *api,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
