/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The options before the subcommand; for main() alone. */
#ifndef CFS_CFSCTL_GLOBALS_H
#define CFS_CFSCTL_GLOBALS_H

#include "cfsctl/cfsctl.h"

/* Lines for usage. */
extern const char cmd_globals_help[];

/*
 * Reads the options in front of the subcommand into @ret and decides where
 * the repository is.  Returns the subcommand's index in @argv.
 * Errors: -CFS_EUSAGE; -ENOENT when $HOME is needed and not set.
 */
int cmd_globals_parse(int argc, char **argv, struct cfs_globals *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
