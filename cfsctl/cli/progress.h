/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One line on stderr about what is going on, when somebody sits in front of
 * it: nothing at all unless stderr is a terminal.  stdout is never touched.
 */
#ifndef CFS_CFSCTL_CLI_PROGRESS_H
#define CFS_CFSCTL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

struct cfs_progress {
	const char *what; /* "stored", "read" */
	bool shown;
	bool terminal;
	uint64_t files, bytes;
	int64_t next; /* when the line is drawn anew, in ms */
};

/* Starts counting. */
void cmd_progress_start(struct cfs_progress *p, const char *what) CFS_NONNULL;

/* Counts a file of @bytes; draws at most ten times a second. */
void cmd_progress_add(struct cfs_progress *p, uint64_t bytes) CFS_NONNULL;

/* Takes the line away. */
void cmd_progress_end(struct cfs_progress *p) CFS_NONNULL;

#define CFS_AUTOPROGRESS __attribute__((cleanup(cmd_progress_end)))

#endif
