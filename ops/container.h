/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Starting a container from an image of the repository. */
#ifndef CFS_OPS_CONTAINER_H
#define CFS_OPS_CONTAINER_H

#include "ops/container_user.h"
#include "ops/runtime_spec.h"

/* A container to start; all is borrowed. */
struct cfs_container {
	struct cfs_runnable image; /* but for root_fd */
	struct cfs_repo *repo;	   /* image.repo; closed when all is mounted */
	/* But for root, rootless and namespace_ids. */
	const struct cfs_run_params *params;
	const struct cfs_container_user *user; /* NULL: as root */
	cfs_container_report_fn *report;       /* with @user */
	bool verity;	     /* as in struct cfs_mount_params; unless @user */
	const char *runtime; /* a program; NULL: crun, or else runc */
	/* Where changes are kept: a directory, which gets upper and work of
	 * overlayfs.  NULL: in memory, until the container ends. */
	const char *overlay;
};

/*
 * Gives this process a mount namespace: mounts of the machine still appear in
 * it, and none of its own outside.  To be called without threads, and before
 * the repository is opened: the kernel mounts no directories of another
 * namespace.
 * Errors: -EPERM not root.
 */
int cfs_container_enter(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Becomes the runtime that runs the container, or for a user the process that
 * waits for it and for the FUSE server of the image, and ends as they do.  The
 * image is mounted in the mount namespace of cfs_container_enter() or
 * cfs_container_enter_user(), and all that was made for the container goes with
 * that: whatever ends it, nothing is left to clean up.  The files are those of
 * the image that was opened and verified here.
 *
 * The lock of the repository ends before the container starts.
 *
 * Returns on errors only: -ENOENT there is no such runtime; -EIO the FUSE
 * server ended first; those of cfs_mount_image(), cfs_container_serve() and
 * cfs_runtime_spec().
 */
int cfs_container_run(const struct cfs_container *container,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
