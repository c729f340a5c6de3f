/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands that mount an image: mount and oci mount. */
#ifndef CFS_CFSCTL_MOUNT_H
#define CFS_CFSCTL_MOUNT_H

#include "cfsctl/cfsctl.h"

struct cfs_mount_options {
	const char *upper, *work, *fuse;
	bool read_write, check;
	const char *where; /* NULL to leave it at the checks */
};

/* The choices of --fuse. */
extern const char *const cmd_mount_fuse[];

#define CFS_MOUNT_OPTIONS(type, mount)                                         \
	{ .name = "upperdir",                                                  \
	  .value = "DIR",                                                      \
	  .help = "overlayfs upper directory (requires --workdir)",            \
	  .takes = CFS_TAKES_DIR,                                              \
	  CFS_OPT_SETS(type, mount.upper) },                                   \
		{ .name = "workdir",                                           \
		  .value = "DIR",                                              \
		  .help = "overlayfs work directory",                          \
		  .takes = CFS_TAKES_DIR,                                      \
		  CFS_OPT_SETS(type, mount.work) },                            \
		{ .name = "read-write",                                        \
		  .help = "allow changes, which go to the upper directory",    \
		  CFS_OPT_SETS(type, mount.read_write) },                      \
		{ .name = "check",                                             \
		  .help = "refuse an image that lacks objects; without "       \
			  "MOUNTPOINT, mount nothing",                         \
		  CFS_OPT_SETS(type, mount.check) },                           \
	{                                                                      \
		.name = "fuse", .value = "no|auto",                            \
		.help = "accepted for compatibility: it is always the kernel " \
			"that mounts",                                         \
		.choices = cmd_mount_fuse, CFS_OPT_SETS(type, mount.fuse)      \
	}

/* Finds the image that the first operand of @call names.  Errors: -ENOENT, ... */
typedef int cmd_mount_find_fn(const struct cfs_call *call,
			      const struct cfs_repo *repo,
			      struct cfs_digest *ret, struct cfs_err *err);

/* Runs a command with the operands IMAGE and MOUNTPOINT, the latter optional
 * with --check. */
int cmd_mount_run(const struct cfs_call *call, struct cfs_mount_options *o,
		  cmd_mount_find_fn *find,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
