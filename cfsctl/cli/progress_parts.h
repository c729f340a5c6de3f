/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Parts of a work that are done side by side, each with a line of its own below
 * the line of the whole: layers of an image.
 */
#ifndef CFS_CFSCTL_CLI_PROGRESS_PARTS_H
#define CFS_CFSCTL_CLI_PROGRESS_PARTS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

/* As many lines as leave room for others on a small terminal.  More parts than
 * that have none. */
#define CFS_PROGRESS_PARTS_MAX	   16
#define CFS_PROGRESS_PART_NAME_MAX 20
#define CFS_PROGRESS_PART_TEXT_MAX 80

struct cfs_progress_part {
	size_t key;
	char name[CFS_PROGRESS_PART_NAME_MAX];
	uint64_t done, total; /* bytes; @total 0: not known */
};

struct cfs_progress_parts {
	pthread_mutex_t lock;
	struct cfs_progress_part part[CFS_PROGRESS_PARTS_MAX];
	size_t n;
};

#define CFS_PROGRESS_PARTS_INIT                    \
	{                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, \
	}

/* A part begins, whose key no other one has, is so many bytes further, or ends.
 * A name that is too long is cut.  Any thread may call these. */
void cmd_progress_part_begin(struct cfs_progress_parts *parts, size_t key,
			     const char *name, uint64_t total) CFS_NONNULL;
void cmd_progress_part_bytes(struct cfs_progress_parts *parts, size_t key,
			     uint64_t bytes) CFS_NONNULL;
void cmd_progress_part_end(struct cfs_progress_parts *parts,
			   size_t key) CFS_NONNULL;

/* "  4f53cda18c2b  12.00 MiB of 40.00 MiB (30 %)" */
void cmd_progress_part_text(const struct cfs_progress_part *part,
			    char text[static CFS_PROGRESS_PART_TEXT_MAX])
	CFS_NONNULL;

/* Prints a line for each part, below the cursor, and moves it back up. */
void cmd_progress_parts_draw(struct cfs_progress_parts *parts) CFS_NONNULL;

#endif
