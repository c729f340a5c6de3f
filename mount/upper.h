/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The two directories of a writable overlay layer.
 */
#ifndef CFS_MOUNT_UPPER_H
#define CFS_MOUNT_UPPER_H

#include "base/err.h"

/* The name of an upper directory that is still being made: a start that was
 * cut short leaves it, the next one finishes it. */
#define CFS_UPPER_UNFINISHED ".upper.new"

struct cfs_upper {
	int upper_fd; /* O_PATH; owned */
	int work_fd;  /* likewise */
};

#define CFS_UPPER_INIT                                \
	{                                             \
		.upper_fd = -EBADF, .work_fd = -EBADF \
	}

void cfs_upper_close(struct cfs_upper *upper);

#define CFS_AUTOUPPER __attribute__((cleanup(cfs_upper_close)))

/*
 * Opens upper/ and work/ of the directory @dir_fd, making what is not there.
 * A new upper directory takes owner, mode, time and extended attributes
 * (security.*, user.*, ACLs) from the directory @lower_fd that it will cover,
 * and gets its name only then.
 *
 * Errors: -EROFS it has to be made and cannot, -ELOOP or -ENOTDIR something
 * else is planted there, ...
 */
int cfs_upper_open(int dir_fd, int lower_fd, struct cfs_upper *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
