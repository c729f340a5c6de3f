/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is not in the image: /etc and /var of this deployment, and the physical
 * root at /sysroot.
 *
 *   state/deploy/<hex>/etc/{upper,work}   /etc, layout of composefs-rs
 *   state/deploy/<hex>/etc                the same, layout of bootc: a copy
 *   state/deploy/<hex>/var                /var, or a link to one that is shared
 *
 * All of it is the disk's and is not trusted: names are resolved below the
 * physical root and only directories are opened.
 */
#ifndef CFS_SETUP_ROOT_STATE_H
#define CFS_SETUP_ROOT_STATE_H

#include "setup-root/root.h"

/* Is there no state directory for @digest below @physical_fd, although /etc or
 * /var needs one as @config has them? */
bool cfs_state_lacks(int physical_fd, const struct cfs_config *config,
		     const struct cfs_digest *digest) CFS_NONNULL;

/* Codes of errors about the state directory are the errno's own; this one
 * says that it is missing as a whole. */
#define CFS_STATE_MISSING ENOENT

/*
 * Adds /etc, /var and /sysroot to @root as @params->config wants them.  A
 * mount point that the image lacks is a notice.
 * Nothing is written to the physical root but upper and work directories that
 * are not there yet.
 *
 * Errors: -ENOENT no state directory for this image (unless [state] missing =
 * "transient"), -EROFS the physical root is read-only and an upper directory
 * has to be made, -ENOTDIR, -EXDEV, -ELOOP for what is planted there, and
 * those of mounting.
 */
int cfs_root_add_state(const struct cfs_root_params *params,
		       struct cfs_root *root,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
