/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shows what a verb tells of its progress (ops/watch.h). */
#ifndef CFS_CFSCTL_CLI_PROGRESS_WATCH_H
#define CFS_CFSCTL_CLI_PROGRESS_WATCH_H

#include "cfsctl/cli/progress.h"
#include "ops/watch.h"

struct cfs_progress_watch {
	const char *what; /* is being done to the files: "stored" */
	struct cfs_progress progress;
};

/* The watch that draws with @w; borrows it. */
struct cfs_watch cmd_progress_watch(struct cfs_progress_watch *w) CFS_NONNULL;

#define CFS_AUTOPROGRESSWATCH __attribute__((cleanup(cmd_progress_watch_end)))
void cmd_progress_watch_end(struct cfs_progress_watch *w);

#endif
