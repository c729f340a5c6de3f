/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Completion of command lines in shells, from the rows of commands and
 * options.  The scripts in cfsctl/completion run
 *
 *	cfsctl __complete WORD...
 *
 * with the words after "cfsctl" up to the cursor; the last one, perhaps empty,
 * is to be completed.  Each line of the output is a candidate for it and,
 * after a tab, a description; or one of these:
 *
 *	:files	file names	(for the part behind an option's "=")
 *	:dirs	directories
 */
#ifndef CFS_CFSCTL_COMPLETE_H
#define CFS_CFSCTL_COMPLETE_H

#include "cfsctl/cli/command.h"

#define CFS_COMPLETE "__complete"

/*
 * Prints the candidates for argv[@argc - 1], @argv[0] being CFS_COMPLETE and
 * @commands ending with NULL.  A line that makes no sense has none.
 * Returns the exit status.
 */
int cmd_complete(const struct cfs_cmd *const *commands, int argc,
		 char **argv) CFS_MUST_CHECK CFS_NONNULL;

#endif
