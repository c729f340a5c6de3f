/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A temporary directory that does not outlive the process, however that ends:
 * a shell waits for its end and removes what is left.
 */
#ifndef CFS_OPS_TMPDIR_H
#define CFS_OPS_TMPDIR_H

#include "base/child.h"
#include "base/own.h"

struct cfs_tmpdir {
	char *path;  /* owned; NULL: there is none */
	int top, fd; /* the directory that it is in, and its own; owned */
	int alive;   /* the end of a pipe that only this process has; owned */
	struct cfs_child keeper; /* reads from the other end */
};

#define CFS_TMPDIR_INIT                                       \
	{                                                     \
		.top = -EBADF, .fd = -EBADF, .alive = -EBADF, \
		.keeper = CFS_CHILD_INIT                      \
	}

/*
 * Makes a directory for this user alone in $TMPDIR, or in @otherwise if that is
 * not set; its name is @name, "-" and six characters.  Without sh(1) it stays
 * if the process is killed.
 * Errors: those of open(2) and mkdtemp(3), -ENOMEM.
 */
int cfs_tmpdir_make(struct cfs_tmpdir *s, const char *otherwise,
		    const char *name,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Removes it with all that is in it, and releases what @s has, also on failure;
 * may be called twice.
 * Errors: those of cfs_dir_remove(), with the path.
 */
int cfs_tmpdir_remove(struct cfs_tmpdir *s, struct cfs_err *err) CFS_NONNULL;

/* The same for callers that do not care whether it could be removed. */
void cfs_tmpdir_end(struct cfs_tmpdir *s) CFS_NONNULL;

#define CFS_AUTOTMPDIR __attribute__((cleanup(cfs_tmpdir_end)))

#endif
