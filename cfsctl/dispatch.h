/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From a command line to the command that it names. */
#ifndef CFS_CFSCTL_DISPATCH_H
#define CFS_CFSCTL_DISPATCH_H

#include "cfsctl/cli/command.h"

/*
 * Runs the command of @commands (ends with NULL) that @argv names, says on
 * stderr what was wrong, and returns the exit status: 0, 1 failed, 2 when the
 * command line is wrong; or that of diff(1) for commands that compare.
 */
int cmd_dispatch(const struct cfs_cmd *const *commands, int argc,
		 char **argv) CFS_MUST_CHECK CFS_NONNULL;

#endif
