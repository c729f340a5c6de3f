/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What makes a container of a user who is not root possible.  For
 * ops/container.c and who calls it. */
#ifndef CFS_OPS_CONTAINER_USER_H
#define CFS_OPS_CONTAINER_USER_H

#include <signal.h>

#include "ops/access.h"

/* The namespaces of the user, from cfs_container_enter_user(). */
struct cfs_container_user {
	uint32_t ids;	 /* users and groups 0 to ids - 1 exist */
	sigset_t before; /* the mask of signals of the caller */
};

/*
 * Goes on in a new process, which is the first one of its namespaces of users,
 * processes, mounts and cgroups and has a /proc of these.  The process that
 * calls does not return: it passes signals on, and ends with the exit status of
 * the new one.  Each ends with the other, and with them all processes and
 * mounts of the namespaces.
 *
 * To be called without threads and before the repository is opened.
 * Errors: those of cfs_user_namespace_enter(), of fork(2) and of mounting.
 */
int cfs_container_enter_user(struct cfs_container_user *ret,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Gets a line about each file that cannot be read, in the process that
 * serves. */
typedef void cfs_container_report_fn(const char *line);

/* An image to mount by FUSE; all is borrowed. */
struct cfs_container_root {
	const struct cfs_access *access; /* by which @repo was opened */
	struct cfs_repo *repo;		 /* the server closes its own of it */
	const struct cfs_digest *id;
	const char *mountpoint; /* absolute */
	int bundle_fd;		/* a directory for what is needed meanwhile */
	int layers_fd; /* that of upper and work: see cfs_upper_open() */
	/* If the kernel makes no such overlay (before 6.15), do without. */
	bool upper_is_optional;
	cfs_container_report_fn *report;
};

/*
 * Starts a process that serves the image, verifying each object when it is
 * first opened, and waits until it is mounted.
 * Returns 0 with the process in *@ret.
 * Errors: those of cfs_image_map(), cfs_upper_open() and cfs_fuse_serve(), -EIO
 * the server was ended.
 */
int cfs_container_serve(const struct cfs_container_root *root, pid_t *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
