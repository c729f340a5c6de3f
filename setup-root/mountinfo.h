/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is mounted where the physical root should be.
 * Source: proc_pid_mountinfo(5), read by libmount.
 */
#ifndef CFS_SETUP_ROOT_MOUNTINFO_H
#define CFS_SETUP_ROOT_MOUNTINFO_H

#include <stdbool.h>

#include "base/err.h"

struct cfs_mountinfo {
	bool mounted;	/* the directory is a mount point */
	bool composefs; /* its source claims so; anything can be called so */
	bool overlay;	/* it is an overlay mount */
	bool verity;	/* and verifies its objects: verity=require */
	bool read_only; /* mount or file system */
	bool var;	/* something is mounted at its var */
	char source[256];
	const char *digest; /* of source: what it says of a composefs, or "" */
};

/*
 * Looks up the directory @path (links are followed) in @table, which is
 * "/proc/self/mountinfo" outside tests.  Of mounts on top of each other the
 * last one counts.
 * Errors: -ENOENT and others of realpath and of reading the table.
 */
int cfs_mountinfo_read(const char *table, const char *path,
		       struct cfs_mountinfo *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
