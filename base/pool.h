/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Threads that share a list of jobs.
 *
 * A pool of N threads is N - 1 threads of its own and whoever calls
 * cfs_pool_until(): a caller that has to wait works meanwhile.  The pool's own
 * threads are started one by one, when more jobs have piled up than those
 * there are will soon have done, and they block all signals.
 *
 * Every thread works at a desk, memory that no other thread touches.  A job
 * may leave work on the desk, to be done together with that of later jobs;
 * a thread that finds the list empty clears its desk before it sleeps.
 */
#ifndef CFS_BASE_POOL_H
#define CFS_BASE_POOL_H

#include <stdbool.h>

#include "base/err.h"

#define CFS_POOL_THREADS_MAX 256

struct cfs_job {
	struct cfs_job *next; /* the pool's, from the push until it runs */
	size_t weight;	      /* jobs that it is worth; 0 counts as 1 */
	/* Does the job at @desk.  It may free @job, and may push it again
	 * first of all, so that other threads take part in it. */
	void (*run)(struct cfs_job *job, void *desk);
};

struct cfs_pool_desks {
	/* Makes the desk of one more thread, or NULL: the pool then goes on
	 * with the threads that it has.  Called by cfs_pool_push(). */
	void *(*make)(void *ctx);
	/* Frees it, by its thread. */
	void (*free)(void *desk);
	/* Does what lies on it.  Returns false when that was nothing. */
	bool (*clear)(void *ctx, void *desk);
	void *ctx;
};

struct cfs_pool;

/* As many threads as this process may run on at once, at least 1. */
unsigned cfs_pool_usable_threads(void);

/*
 * @threads: 2 to CFS_POOL_THREADS_MAX, the callers counted as one.
 * @desks: copied.
 * Errors: -ENOMEM.
 */
int cfs_pool_new(unsigned threads, const struct cfs_pool_desks *desks,
		 struct cfs_pool **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends the threads, after the jobs under way, and frees the pool.  No job may
 * be left on the list.  NULL is allowed. */
void cfs_pool_free(struct cfs_pool *pool);
CFS_DEFINE_AUTO(struct cfs_pool, cfs_pool_free);

/* Puts @job at the end of the list, or before all others.  Any thread may;
 * jobs as well. */
void cfs_pool_push(struct cfs_pool *pool, struct cfs_job *job) CFS_NONNULL;
void cfs_pool_push_first(struct cfs_pool *pool,
			 struct cfs_job *job) CFS_NONNULL;

/*
 * Works at the caller's @desk until @done(@ctx) is true.  @done is asked with
 * the pool's lock held, before anything else and after every job of any
 * thread; it must not call the pool.
 */
void cfs_pool_until(struct cfs_pool *pool, void *desk, bool (*done)(void *ctx),
		    void *ctx) __attribute__((nonnull(1, 2, 3)));

/* Works at @desk until the list is empty, no job is under way and all desks,
 * this one too, are clear. */
void cfs_pool_finish(struct cfs_pool *pool, void *desk) CFS_NONNULL;

#endif
