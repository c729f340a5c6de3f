/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_ETC_WRITE_H
#define CFS_OPS_ETC_WRITE_H

#include "ops/etc_merge.h"

struct cfs_etc_write {
	const struct cfs_etc_merged *merged;
	int users;   /* the directory that the users' tree was read from */
	int objects; /* objects/ of the repository */
};

/* Returns the bytes that the files will take, and their directories, in blocks
 * of 4096. */
uint64_t cfs_etc_space(const struct cfs_etc_merged *merged) CFS_NONNULL;

/*
 * Writes the tree into the empty directory @dir, which is open for reading, and
 * gives that the attributes of its root: owners, modes, times, extended
 * attributes, hard links.  What is copied is compared with its digest.
 * Only the caller writes below @dir meanwhile.
 *
 * Errors: -ESTALE a file changed since it was read; -ENAMETOOLONG a path of a
 * hard link is over PATH_MAX; -EPERM it takes root; those of writing; worded
 * with the path below /etc.
 */
int cfs_etc_write(const struct cfs_etc_write *write, int dir,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
