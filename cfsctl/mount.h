/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands that mount an image: mount and oci mount. */
#ifndef CFS_CFSCTL_MOUNT_H
#define CFS_CFSCTL_MOUNT_H

#include "cfsctl/cfsctl.h"
#include "fuse/serve.h"

/* The value of --fuse. */
struct cmd_mount_fuse {
	bool on;
	enum cfs_fuse_mode mode;
};

struct cfs_mount_options {
	const char *upper, *work;
	bool read_write, check;
	bool no_verify, foreground, verbose; /* with --fuse */
	struct cmd_mount_fuse fuse;
	const char *where; /* NULL to leave it at the checks */
};

/* The choices of --fuse, and what reads one into a struct cmd_mount_fuse. */
extern const char *const cmd_mount_fuse_choices[];
int cmd_parse_mount_fuse(const char *text, void *to,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3)));

#define CFS_MOUNT_OPTIONS(type, mount)                                        \
	{ .name = "upperdir",                                                 \
	  .value = "DIR",                                                     \
	  .help = "overlayfs upper directory (requires --workdir)",           \
	  .takes = CFS_TAKES_DIR,                                             \
	  CFS_OPT_SETS(type, mount.upper) },                                  \
		{ .name = "workdir",                                          \
		  .value = "DIR",                                             \
		  .help = "overlayfs work directory",                         \
		  .takes = CFS_TAKES_DIR,                                     \
		  CFS_OPT_SETS(type, mount.work) },                           \
		{ .name = "read-write",                                       \
		  .help = "allow changes, which go to the upper directory",   \
		  CFS_OPT_SETS(type, mount.read_write) },                     \
		{ .name = "check",                                            \
		  .help = "refuse an image that lacks objects; without "      \
			  "MOUNTPOINT, mount nothing",                        \
		  CFS_OPT_SETS(type, mount.check) },                          \
		{ .name = "fuse",                                             \
		  .value = "MODE",                                            \
		  .bare = true,                                               \
		  .help = "serve the mount by a process, also without root: " \
			  "auto or yes (default), passthrough, overlay or "   \
			  "plain; no",                                        \
		  .choices = cmd_mount_fuse_choices,                          \
		  CFS_OPT_PARSES(type, mount.fuse, cmd_parse_mount_fuse) },   \
		{ .name = "no-verify",                                        \
		  .help = "with --fuse: do not verify objects",               \
		  CFS_OPT_SETS(type, mount.no_verify) },                      \
		{ .name = "foreground",                                       \
		  .help = "with --fuse: do not go into the background",       \
		  CFS_OPT_SETS(type, mount.foreground) },                     \
	{                                                                     \
		.name = "verbose", .letter = 'v',                             \
		.help = "with --fuse: print which mode was chosen",           \
		CFS_OPT_SETS(type, mount.verbose)                             \
	}

/* Finds the image that the first operand of @call names.  Errors: -ENOENT,
 * ... */
typedef int cmd_mount_find_fn(const struct cfs_call *call,
			      const struct cfs_repo *repo,
			      struct cfs_digest *ret, struct cfs_err *err);

/* Runs a command with the operands IMAGE and MOUNTPOINT, the latter optional
 * with --check. */
int cmd_mount_run(const struct cfs_call *call, struct cfs_mount_options *o,
		  cmd_mount_find_fn *find,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
