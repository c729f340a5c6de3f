/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Inside of disk/plan.h, which disk/plan.c and disk/walk.c implement: adding
 * single entries to a plan, and opening what they are copied from.
 */
#ifndef CFS_DISK_WALK_H
#define CFS_DISK_WALK_H

#include <sys/stat.h>

#include "disk/plan.h"

/* Gives a plan its root, unless it has one. */
int cfs_plan_start(struct cfs_plan *plan,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Appends a copy of @what (strings too), without looking whether the name is
 * taken.  *@ret (may be NULL): its index. */
int cfs_plan_entry(struct cfs_plan *plan, const struct cfs_plan_entry *what,
		   unsigned *ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* The directory @name of directory @parent, made when it is not there. */
int cfs_plan_dir(struct cfs_plan *plan, unsigned parent, const char *name,
		 mode_t mode, unsigned *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* 0, or -EEXIST when @parent has an entry @name. */
int cfs_plan_vacant(const struct cfs_plan *plan, unsigned parent,
		    const char *name,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens a regular file that is copied: @path below the repository, or one of
 * this machine.  Returns a descriptor the caller closes, and its status.
 */
int cfs_plan_open(int repo_fd, bool from_repo, const char *path,
		  struct stat *ret_st,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
