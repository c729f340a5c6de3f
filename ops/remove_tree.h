/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_REMOVE_TREE_H
#define CFS_OPS_REMOVE_TREE_H

#include "base/err.h"

#define CFS_REMOVE_DEPTH_MAX 256 /* directories below one another */

/*
 * Removes @name, one component, below @dirfd and everything in it; absence is
 * fine.  Links are removed and not followed, and nothing is removed of a file
 * system that is mounted in there.
 * Errors: -EXDEV something is mounted there, -ELOOP nested deeper than
 * CFS_REMOVE_DEPTH_MAX, those of unlinkat(2).  What was removed by then stays
 * removed.
 */
int cfs_remove_tree(int dirfd, const char *name,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
