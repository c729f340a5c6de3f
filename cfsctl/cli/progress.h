/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A line on stderr about how far a command is, for a user who waits in front of
 * a terminal.  Without a terminal on stderr nothing is printed, counted twice
 * or walked; stdout is never touched.
 *
 * A thread of its own draws the line ten times a second, so that the
 * code that does the work only counts, and the line keeps moving while a large
 * file is read.
 */
#ifndef CFS_CFSCTL_CLI_PROGRESS_H
#define CFS_CFSCTL_CLI_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "cfsctl/cli/progress_parts.h"

struct cfs_progress {
	const char *what;	/* is being done to the bytes: "stored" */
	_Atomic uint64_t files; /* done so far */
	_Atomic uint64_t bytes; /* done so far */
	_Atomic uint64_t total; /* bytes to be done; 0: not known, or not yet */
	const char *tree;	/* the directory whose files are the total */
	struct cfs_progress_parts *parts; /* NULL: it has none */
	int64_t start, drawn;		  /* ms; of the drawing thread alone */
	bool shown;			  /* the drawing thread exists: */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	atomic_bool ended;
};

/*
 * Starts counting, and drawing if there is a terminal.
 * @total: the bytes there are to be done; 0 if that is not known.
 * @tree: if that is not NULL, all files below this directory are to be done:
 * while the work goes on, they are counted.  It stays valid until the end.
 */
void cmd_progress_start(struct cfs_progress *p, const char *what,
			uint64_t total, const char *tree)
	__attribute__((nonnull(1, 2)));

/* The same with a line for each of @parts, which stay valid until the end. */
void cmd_progress_start_parts(struct cfs_progress *p, const char *what,
			      uint64_t total,
			      struct cfs_progress_parts *parts) CFS_NONNULL;

/* Counts a file, or @bytes of one.  Any thread may do so. */
void cmd_progress_file(struct cfs_progress *p) CFS_NONNULL;
void cmd_progress_bytes(struct cfs_progress *p, uint64_t bytes) CFS_NONNULL;

/* The counter that cmd_progress_bytes() adds to, or NULL when nothing is
 * shown. */
_Atomic uint64_t *cmd_progress_counter(struct cfs_progress *p) CFS_NONNULL;

/* Takes the line away.  Ending what has not been started, or twice, is fine. */
void cmd_progress_end(struct cfs_progress *p) CFS_NONNULL;

#define CFS_AUTOPROGRESS __attribute__((cleanup(cmd_progress_end)))

/* How far it is after so many milliseconds, in at most 79 characters. */
#define CFS_PROGRESS_MAX 80
void cmd_progress_text(const struct cfs_progress *p, int64_t elapsed,
		       char text[static CFS_PROGRESS_MAX]) CFS_NONNULL;

#endif
