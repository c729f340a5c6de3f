/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "Did you mean ...?": the nearest of the words that are known. */
#ifndef CFS_CFSCTL_CLI_SUGGEST_H
#define CFS_CFSCTL_CLI_SUGGEST_H

#include <stddef.h>

#include "base/auto.h"

/* Words that are proposed at once. */
#define CFS_SUGGEST_MAX 4

struct cfs_suggest {
	const char *word;  /* as typed */
	const char *quote; /* written before each proposal: "--" or "" */
	unsigned best;	   /* distance of those in found */
	unsigned n;
	const char *found[CFS_SUGGEST_MAX]; /* borrowed, in the order offered */
};

/* The distance of words that are too long to be compared. */
#define CFS_DISTANCE_FAR 1000

/*
 * The number of letters to change, drop, add or swap with their neighbour to
 * make @b of @a; CFS_DISTANCE_FAR for words of more than 63 characters.
 */
unsigned cmd_distance(const char *a, const char *b) CFS_NONNULL;

/* Takes note of @candidate if it is as near as the nearest so far: mistyped
 * by a few letters, or the word is its beginning or one of its parts. */
void cmd_suggest_offer(struct cfs_suggest *s,
		       const char *candidate) CFS_NONNULL;

/*
 * Writes "; did you mean 'a', 'b' or 'c'?", or nothing when no candidate is
 * near, into the @size bytes at @text.  Returns @text.
 */
const char *cmd_suggest_text(const struct cfs_suggest *s, char *text,
			     size_t size) CFS_NONNULL;

#endif
