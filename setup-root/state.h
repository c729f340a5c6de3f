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

#include "setup-root/boot.h"

/* Is there no state directory for the image @c on the physical root, although
 * /etc or /var needs one as the configuration has them? */
bool cfs_state_lacks(const struct cfs_boot *boot,
		     const struct cfs_candidate *c) CFS_NONNULL;

/*
 * Adds /etc, /var and /sysroot to @boot->root as the configuration wants them.
 * A mount point that the image lacks is a notice.  Nothing is written to the
 * physical root but upper and work directories that are not there yet.
 *
 * Errors: -ENOENT no state directory for this image (unless [state] missing =
 * "transient"), -EROFS the physical root is read-only and an upper directory
 * has to be made, -ENOTDIR, -EXDEV, -ELOOP for what is planted there, and
 * those of mounting.
 */
int cfs_root_add_state(struct cfs_boot *boot,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
