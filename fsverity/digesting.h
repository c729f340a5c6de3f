/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the two ways into a digester share: files to be read (digester.c) and
 * bytes that are fed (feed.c).  Private to them.
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
	struct cfs_keeper keeper;
	struct cfs_window *window; /* the desk of the caller of add, finish */
	struct cfs_pool *pool;	   /* NULL: one thread */
	_Atomic uint64_t *read;	   /* bytes of files so far; or NULL */

	/* Files to be read, with a pool. */
	struct cfs_task *filling;
	size_t task_files;
	struct cfs_task *tasks;	 /* owned */
	struct cfs_task *unused; /* of them; under lock */

	pthread_mutex_t lock;
	/* err and culprit are set once, before failed. */
	int failed;
	struct cfs_err err;
	const void *culprit;
};

bool cfs_digester_failed(const struct cfs_digester *d) CFS_NONNULL;

/* The failure of a digester that has failed: copies it, returns its code. */
int cfs_digester_failure(const struct cfs_digester *d,
			 struct cfs_err *err) CFS_NONNULL;

/* Records a failure; the first one counts. */
void cfs_digester_fail(struct cfs_digester *d, const struct cfs_err *err,
		       const void *culprit) __attribute__((nonnull(1, 2)));

/* Finishes or, after a failure, drops what is in @w. */
void cfs_digester_flush(struct cfs_digester *d,
			struct cfs_window *w) CFS_NONNULL;

/* One more window for @d. */
int cfs_digester_window(struct cfs_digester *d, struct cfs_window **ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
