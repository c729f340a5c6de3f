/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where one directory lies in relation to another. */
#ifndef CFS_BASE_INSIDE_H
#define CFS_BASE_INSIDE_H

#include "base/err.h"

/*
 * Is the directory @path, which need not exist yet, inside the directory open
 * as @dir, or the same one?  Links are followed.
 * Returns 1 or 0.
 */
int cfs_is_inside(const char *path, int dir,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
