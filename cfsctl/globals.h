/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The options that every command has. */
#ifndef CFS_CFSCTL_GLOBALS_H
#define CFS_CFSCTL_GLOBALS_H

#include "cfsctl/cfsctl.h"

/* Their rows; they set a struct cfs_globals, CFS_GLOBALS_INIT before. */
extern const struct cfs_opt cmd_globals_options[];

#define CFS_GLOBALS_INIT            \
	{                           \
		.erofs_version = -1 \
	}

/*
 * Fills in what follows from the options of @g: where the repository is.
 * Errors: -CFS_EUSAGE when they contradict each other; -ENOENT when $HOME is
 * needed and not set.
 */
int cmd_globals_finish(struct cfs_globals *g,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
