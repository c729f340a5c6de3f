/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The directories in state/deploy of the physical root, one for each
 * deployment, named by the hex digest of its image.  One that is made or
 * removed has another name meanwhile, by which the next run finds what an
 * interrupted one left.
 */
#ifndef CFS_OPS_STATE_DIR_H
#define CFS_OPS_STATE_DIR_H

#include "repo/lock.h"

#define CFS_STATE_DIR	  "state/deploy"
#define CFS_STATE_NEW	  ".new"     /* ends the name ".HEX.new" */
#define CFS_STATE_REMOVED ".removed" /* and that of ".HEX.removed" */

/* Directories below one another of what is removed. */
#define CFS_STATE_DEPTH_MAX 256

/*
 * Locks the repository against other commands that change deployments, until it
 * is closed.
 * Errors: -ENOLCK its file system has no locks; those of cfs_repo_lock().
 */
int cfs_state_lock(const struct cfs_repo *repo, cfs_lock_waiting_fn *waiting,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3)));

/*
 * Makes the state directory of the image @id below @parent, the directory that
 * the repository is in, with var, etc/upper and etc/work, unless it exists.  It
 * is complete before it gets its name.
 * Errors: of making directories.
 */
int cfs_state_make(int parent, const struct cfs_digest *id,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Takes its name from the directory @hex of @state, which is state/deploy.
 * Returns 1, or 0 if there is none.  Errors: of renaming.
 */
int cfs_state_hide(int state, const char *hex,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Removes what interrupted runs left in @state: all that is called ".HEX" and
 * one of @ends, which is an array that ends with NULL.
 * Returns how many there were.  Errors: of reading and removing.
 */
int cfs_state_sweep(int state, const char *const *ends,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
