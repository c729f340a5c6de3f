/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Usage, printed from the rows of commands and options. */
#ifndef CFS_CFSCTL_CLI_USAGE_H
#define CFS_CFSCTL_CLI_USAGE_H

#include <stdio.h>

#include "cfsctl/cli/command.h"

/* Prints @left, and @text beside it: from column @column on, in lines of at
 * most 80 characters. */
void cmd_usage_line(FILE *to, const char *left, unsigned column,
		    const char *text) CFS_NONNULL;

/* Prints a line or more for each option. */
void cmd_usage_options(FILE *to, const struct cfs_opt *rows) CFS_NONNULL;

/* Prints a line or more for each command, those of groups too.  @group is
 * written before each: "" or the name of the group and a blank. */
void cmd_usage_commands(FILE *to, const struct cfs_cmd *const *list,
			const char *group) CFS_NONNULL;

/* Prints "usage: cfsctl [OPTION...] @group@cmd IMAGE ...", or such a line for
 * each command of the group @cmd. */
void cmd_usage_synopsis(FILE *to, const struct cfs_cmd *cmd,
			const char *group) CFS_NONNULL;

/* Prints all that is to be said of @cmd: what `help NAME` prints. */
void cmd_usage(FILE *to, const struct cfs_cmd *cmd,
	       const char *group) CFS_NONNULL;

#endif
