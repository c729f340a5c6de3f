/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Starting a container from an image of the repository. */
#ifndef CFS_OPS_CONTAINER_H
#define CFS_OPS_CONTAINER_H

#include "ops/runtime_spec.h"

/* A container to start; all is borrowed. */
struct cfs_container {
	struct cfs_runnable image;	     /* but for root_fd */
	const struct cfs_run_params *params; /* but for root */
	bool verity;			     /* as in struct cfs_mount_params */
	const char *runtime; /* a program; NULL: crun, or else runc */
	/* Where changes are kept: a directory, which gets upper and work of
	 * overlayfs.  NULL: in memory, until the container ends. */
	const char *overlay;
};

/*
 * Gives this process a mount namespace: mounts of the machine still appear in it,
 * and none of its own outside.  To be called without threads, and before the
 * repository is opened: the kernel mounts no directories of another namespace.
 * Errors: -EPERM not root.
 */
int cfs_container_enter(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Becomes the runtime that runs the container.  The image is mounted in the mount
 * namespace of cfs_container_enter(), and all that was made for the container goes
 * with that: whatever ends it, nothing is left to clean up.  The files are those
 * of the image that was opened and verified here.
 *
 * Returns on errors only: -ENOENT there is no such runtime; those of
 * cfs_mount_image() and cfs_runtime_spec().
 */
int cfs_container_run(const struct cfs_container *container,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
