/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Directories inside a repository: no symbolic link is followed, nothing
 * outside is touched.
 */
#ifndef CFS_REPO_DIR_H
#define CFS_REPO_DIR_H

#include <stdbool.h>

#include "base/dir_names.h"
#include "base/err.h"

#define CFS_DIR_DEPTH_MAX 64 /* directories below one another */

/*
 * Opens the directory @path below @dirfd for reading.  Negative errno, not
 * worded.
 */
int cfs_dir_open(int dirfd, const char *path) CFS_MUST_CHECK CFS_NONNULL;

/* Open the directory @path below @dirfd for reading, and create it (0755) with
 * its parents if it is missing.  The second also writes the directories in
 * which something was created to the disk.
 * Errors: those of creating and opening. */
int cfs_dir_make(int dirfd, const char *path,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_dir_make_synced(int dirfd, const char *path,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* fsync(2) of a directory; file systems that have no such thing are fine. */
int cfs_dir_sync(int fd, struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Lists the directory @path below @dirfd; one that does not exist is empty. */
int cfs_dir_list(int dirfd, const char *path, struct cfs_dir_names *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Removes @name, one component, below @dirfd and everything in it.  Absence is
 * fine.  Links are removed and not followed, and nothing is removed of a file
 * system that is mounted in there.
 * Errors: -ELOOP more than @depth directories below one another, -EXDEV
 * something is mounted there, those of unlinkat(2).  What was removed by then
 * stays removed.
 */
int cfs_dir_remove(int dirfd, const char *name, unsigned depth,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
