/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/progress_watch.h"

static _Atomic uint64_t *begin(void *arg, const char *path)
{
	struct cfs_progress_watch *w = arg;

	cmd_progress_start(&w->progress, w->what, 0, path);
	return cmd_progress_counter(&w->progress);
}

static void file(void *arg)
{
	struct cfs_progress_watch *w = arg;

	cmd_progress_file(&w->progress);
}

static void end(void *arg)
{
	cmd_progress_watch_end(arg);
}

struct cfs_watch cmd_progress_watch(struct cfs_progress_watch *w)
{
	return (struct cfs_watch){ begin, file, end, w };
}

void cmd_progress_watch_end(struct cfs_progress_watch *w)
{
	cmd_progress_end(&w->progress);
}
