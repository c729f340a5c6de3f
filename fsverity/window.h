/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What one thread hashes with: short files are gathered until there is enough
 * of them, and then hashed together, level by level; of long files, segments.
 * Private to fsverity/digester.c.
 */
#ifndef CFS_FSVERITY_WINDOW_H
#define CFS_FSVERITY_WINDOW_H

#include <time.h>

#include "fsverity/digester.h"

/* A file to be read; see cfs_digester_add(). */
struct cfs_input {
	int fd; /* owned by whoever has the input */
	uint64_t size;
	struct timespec mtime;
	uint8_t *ret;
	const void *who;
};

struct cfs_window;

/* @keeper: may be NULL; outlives the window.  Errors: -ENOMEM,
 * cfs_sha_new()'s. */
int cfs_window_new(enum cfs_alg alg, const struct cfs_keeper *keeper,
		   struct cfs_window **ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4)));
void cfs_window_free(struct cfs_window *w);
CFS_DEFINE_AUTO(struct cfs_window, cfs_window_free);

/*
 * Reads the file @in of at most CFS_DIGESTER_WINDOW bytes and closes it, also
 * on failure.  Its digest comes with a later call; flush is the last.
 * After a failure there is nothing but free and drop.
 * Errors: those of cfs_digester_finish().
 */
int cfs_window_take(struct cfs_window *w, struct cfs_input *in,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finishes all files that were taken. */
int cfs_window_flush(struct cfs_window *w,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Forgets them. */
void cfs_window_drop(struct cfs_window *w) CFS_NONNULL;

/* Are there any? */
bool cfs_window_busy(const struct cfs_window *w) CFS_NONNULL;

/*
 * A file that is longer than a window.  Its segments may be hashed in any
 * order, by several windows at a time.
 */
struct cfs_long {
	struct cfs_input in;
	uint64_t segments;
	uint8_t *hashes; /* of the blocks one level up; owned */
};

/* Takes @in over, also on failure.  Errors: -ENOMEM. */
int cfs_long_init(enum cfs_alg alg, struct cfs_input *in, struct cfs_long *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_long_free(struct cfs_long *file) CFS_NONNULL;

/* Hashes segment @n, counted from 0, with @w, which is flushed. */
int cfs_long_segment(struct cfs_window *w, struct cfs_long *file, uint64_t n,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* After all of them: gives the digest. */
int cfs_long_finish(struct cfs_window *w, struct cfs_long *file,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The @who of the file of which the last call that failed was. */
const void *cfs_window_culprit(const struct cfs_window *w) CFS_NONNULL;

#endif
