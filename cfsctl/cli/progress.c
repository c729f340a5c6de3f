/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/progress.h"

#include <stdio.h>
#include <time.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void cmd_progress_start(struct cfs_progress *p, const char *what)
{
	*p = (struct cfs_progress){ .what = what,
				    .terminal = isatty(STDERR_FILENO) };
}

void cmd_progress_add(struct cfs_progress *p, uint64_t bytes)
{
	int64_t t;

	p->files++;
	p->bytes += bytes;
	if (!p->terminal)
		return;
	t = now();
	if (t < p->next)
		return;
	p->next = t + 100;
	p->shown = true;
	fprintf(stderr, "\r\033[K%s %llu files, %.1f MiB", p->what,
		(unsigned long long)p->files, (double)p->bytes / (1024 * 1024));
}

void cmd_progress_end(struct cfs_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
