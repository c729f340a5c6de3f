/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Inside of disk/plan.h, which disk/plan.c, disk/plan_repo.c and disk/walk.c
 * implement: adding entries to a plan, and opening what they are copied from.
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

/* Takes back the entry that was appended last. */
void cfs_plan_drop_last(struct cfs_plan *plan) CFS_NONNULL;

/* A walk through a directory that adds its files to a plan. */
struct cfs_plan_walk {
	struct cfs_plan *plan;
	int dirfd;	/* paths are below it */
	bool from_repo; /* skip what is not the repository's; nothing to hash */
	bool files;	/* regular files are wanted */
	/* NULL, or: is the link or file @path wanted?  Directories without
	 * any are left out, then. */
	bool (*wanted)(const struct cfs_plan_walk *w, const char *path);
	const void *arg; /* of wanted */
};

/* Adds everything in the directory @path to the planned directory @dir, in the
 * order of names. */
int cfs_plan_walk_dir(const struct cfs_plan_walk *w, unsigned dir,
		      const char *path,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Open a regular file that is copied: @path below the repository, or a file of
 * this machine.  Return a descriptor, which the caller closes, and set *@ret_st
 * to its status.
 * Errors: those of opening, -EINVAL if @path is not a regular file.
 */
int cfs_plan_open_repo(int repo_fd, const char *path, struct stat *ret_st,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_plan_open_local(const char *path, struct stat *ret_st,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
