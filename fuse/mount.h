/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mounts of a session: they are made apart from the file tree and attached when
 * all is ready, so that a failure leaves nothing behind.  Private to the room.
 *
 * Source: linux fs/fuse/inode.c (options), fs/overlayfs/params.c.
 */
#ifndef CFS_FUSE_MOUNT_H
#define CFS_FUSE_MOUNT_H

#include "fuse/serve.h"

/*
 * Makes the FUSE mount that the descriptor @dev of /dev/fuse serves.
 * Returns a detached mount, which the caller closes.
 * Errors: -EPERM if this process may mount nothing; others.
 */
int cfs_fuse_mount_new(const struct cfs_fuse_params *params, int dev,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes an overlay of the mount @lower: with the directory @data as a data-only
 * layer unless it is -EBADF, and with the upper directory of @params if it has
 * one.  Another thread has to answer requests for @lower meanwhile.
 * Returns a detached mount, which the caller closes.
 * Errors: -EINVAL if this kernel cannot, others.
 */
int cfs_fuse_overlay_new(const struct cfs_fuse_params *params, int lower,
			 int data,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Attaches the detached mount @fd at the mountpoint of @params.  Sets *@ret_id
 * to its number in the kernel, or to 0 if the kernel does not tell. */
int cfs_fuse_attach(const struct cfs_fuse_params *params, int fd,
		    uint64_t *ret_id,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Has no later mount the number @id?  Before Linux 6.8 they are given again. */
bool cfs_fuse_is_unique(uint64_t id);

/* Removes what is mounted at @mountpoint, if it is the mount @id. */
void cfs_fuse_detach(const char *mountpoint, uint64_t id) CFS_NONNULL;

#endif
