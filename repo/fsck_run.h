/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the parts of a fsck share. */
#ifndef CFS_REPO_FSCK_RUN_H
#define CFS_REPO_FSCK_RUN_H

#include "repo/fsck.h"

struct cfs_fsck_run {
	const struct cfs_repo *repo;
	const struct cfs_fsck_params *params;
	struct cfs_fsck count;
	int objects; /* objects/, or -EBADF when there is none */
};

/* Counts a finding and hands it on, after "fsck: ". */
void cfs_fsck_found(struct cfs_fsck_run *run, const char *fmt, ...)
	CFS_PRINTF(2, 3);

/* Is @name that of a file that somebody is at work on? */
bool cfs_fsck_is_temporary(const char *name) CFS_NONNULL;

/* Looks at all objects. */
int cfs_fsck_objects(struct cfs_fsck_run *run,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks at the image @name, which is at @path below the repository: is it what
 * its name says, a sane image, and are the objects of its files there?
 * Returns false when it is corrupted; missing objects are counted instead.
 */
bool cfs_fsck_image(struct cfs_fsck_run *run, const char *path,
		    const char *name) CFS_NONNULL;

#endif
