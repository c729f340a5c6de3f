/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The arguments that mount(8) calls a helper with.
 *
 * Source: mount(8), "EXTERNAL HELPERS".
 */
#ifndef CFS_CFSCTL_COMPAT_MOUNT_CALL_H
#define CFS_CFSCTL_COMPAT_MOUNT_CALL_H

#include <stdbool.h>

#include "base/err.h"

struct cmd_mount_call {
	const char *source, *where; /* the operands, or NULL */
	const char *type, *options, *ns;
	bool fake, sloppy, verbose;
	bool help;
};

/* Reads the arguments into *@q, all of which are borrowed from @argv.
 * Errors: -CFS_EUSAGE. */
int cmd_mount_call_read(int argc, char **argv, struct cmd_mount_call *q,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the directory @path, which the option @option names, with O_PATH.  Sets
 * *@ret_fd to a descriptor that the caller closes, or to -EBADF if @path is
 * NULL.  Errors: those of open(2).
 */
int cmd_mount_open_dir(const char *option, const char *path, int *ret_fd,
		       struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

#endif
