/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Threads that share a list of jobs.
 *
 * A pool of N threads has N - 1 threads of its own; the last one is the caller
 * of cfs_pool_until(), which works while it waits.  The pool's own threads are
 * started one by one, whenever more jobs are waiting than the running threads
 * will finish soon.  They block all signals.
 *
 * Every thread works at a desk: memory that no other thread touches.  A job may
 * leave work on the desk, to be done together with that of later jobs; a thread
 * that finds the list empty clears its desk before it sleeps.
 */
#ifndef CFS_BASE_POOL_H
#define CFS_BASE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/own.h"

#define CFS_POOL_THREADS_MAX 256

struct cfs_job {
	struct cfs_job *next; /* used by the pool until the job runs */
	uint64_t weight; /* how many ordinary jobs it is worth; 0 means 1 */
	/* Does the job at @desk.  May free @job.  May also begin by pushing it
	 * again, so that other threads join in. */
	void (*run)(struct cfs_job *job, void *desk);
};

struct cfs_pool_desks {
	/* Allocates a desk for one more thread.  If it returns NULL, the pool
	 * goes on with the threads that it has.  Called by cfs_pool_push(). */
	void *(*make)(void *ctx);
	/* Frees @desk; called by the thread that used it. */
	void (*free)(void *desk);
	/* Does the work left on @desk.  Returns false if there was none. */
	bool (*clear)(void *ctx, void *desk);
	void *ctx;
};

struct cfs_pool;

/* Returns the number of processors that this process may run on, at least 1. */
unsigned cfs_pool_usable_threads(void);

/*
 * Creates a pool, which the caller frees with cfs_pool_free().
 * @threads: 2 to CFS_POOL_THREADS_MAX, all callers together counting as one.
 * @desks: copied.
 * Errors: -ENOMEM.
 */
int cfs_pool_new(unsigned threads, const struct cfs_pool_desks *desks,
		 struct cfs_pool **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends the threads once their current jobs are done, and frees the pool.  The
 * list must be empty.  NULL is allowed. */
void cfs_pool_free(struct cfs_pool *pool);
CFS_DEFINE_AUTO(struct cfs_pool, cfs_pool_free);

/* Append @job to the list, or put it before all others.  May be called by any
 * thread, also by a job. */
void cfs_pool_push(struct cfs_pool *pool, struct cfs_job *job) CFS_NONNULL;
void cfs_pool_push_first(struct cfs_pool *pool,
			 struct cfs_job *job) CFS_NONNULL;

/*
 * Works at the caller's @desk until @done(@ctx) returns true.  @done is called
 * with the pool's lock held, at the beginning and after every job of any
 * thread; it must not call the pool.
 */
void cfs_pool_until(struct cfs_pool *pool, void *desk, bool (*done)(void *ctx),
		    void *ctx) __attribute__((nonnull(1, 2, 3)));

/* Works at @desk until the list is empty, no job is running and every desk,
 * including this one, is clear. */
void cfs_pool_finish(struct cfs_pool *pool, void *desk) CFS_NONNULL;

#endif
