/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The digester's struct, shared by the two ways into it: files that are read
 * (digester.c) and bytes that are fed (feed.c).  Private to these.
 */
#ifndef CFS_FSVERITY_DIGESTING_H
#define CFS_FSVERITY_DIGESTING_H

#include <pthread.h>

#include "base/pool.h"
#include "fsverity/window.h"

struct cfs_task;

struct cfs_digester {
	enum cfs_alg alg;
	unsigned threads;
	bool keeps;
	bool compares; /* see cfs_digester_compares() */
	struct cfs_keeper keeper;
	struct cfs_window *window; /* the desk of the caller's thread */
	struct cfs_pool *pool;	   /* NULL with one thread */
	_Atomic uint64_t *read;	   /* counts bytes of files; or NULL */

	/* Used with a pool only. */
	struct cfs_task *filling; /* gathers short files; or NULL */
	size_t task_files;	  /* short files that go into one task */
	struct cfs_task *tasks;	  /* all of them; owned */
	struct cfs_task *unused;  /* list of free ones; guarded by lock */

	pthread_mutex_t lock; /* guards unused, failed, err and culprit */
	/* err and culprit are set once, before failed. */
	int failed;
	struct cfs_err err;
	const void *culprit;
};

/* Returns whether anything has failed. */
bool cfs_digester_failed(const struct cfs_digester *d) CFS_NONNULL;

/* After a failure: copies it to @err and returns its negative errno value. */
int cfs_digester_failure(const struct cfs_digester *d,
			 struct cfs_err *err) CFS_NONNULL;

/* Records a failure of the file @culprit (NULL: of none), unless there is one
 * already. */
void cfs_digester_fail(struct cfs_digester *d, const struct cfs_err *err,
		       const void *culprit) __attribute__((nonnull(1, 2)));

/* Flushes @w or, after a failure, drops its contents.  A failure is
 * recorded. */
void cfs_digester_flush(struct cfs_digester *d,
			struct cfs_window *w) CFS_NONNULL;

/* Creates one more window for @d.  Errors: see cfs_window_new(). */
int cfs_digester_window(struct cfs_digester *d, struct cfs_window **ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
