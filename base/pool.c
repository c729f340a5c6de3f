/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>

struct cfs_pool {
	struct cfs_pool_desks desks;
	pthread_mutex_t lock;
	pthread_cond_t more;  /* there is a job, or stop was set */
	pthread_cond_t fewer; /* a job has ended, or a thread become idle */
	struct cfs_job *first, *last;
	uint64_t backlog;  /* total weight of the jobs on the list */
	unsigned idle;	   /* own threads that wait for more */
	unsigned waiting;  /* callers that wait for fewer */
	unsigned callers;  /* callers that are running a job */
	unsigned max;	   /* limit of n_threads */
	unsigned starting; /* threads being started, included in n_threads */
	unsigned n_threads;
	bool stop;
	pthread_t threads[CFS_POOL_THREADS_MAX];
};

unsigned cfs_pool_usable_threads(void)
{
	cpu_set_t set;
	int n = 1;

	/* Containers and taskset(1) give a process some CPUs of those there
	 * are. */
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n > 0 ? (unsigned)n : 1;
}

static uint64_t weight(const struct cfs_job *job)
{
	return job->weight > 0 ? job->weight : 1;
}

static struct cfs_job *pop_locked(struct cfs_pool *pool)
{
	struct cfs_job *job = pool->first;

	if (job) {
		pool->first = job->next;
		pool->backlog -= weight(job);
	}
	return job;
}

static void tell_callers_locked(struct cfs_pool *pool)
{
	if (pool->waiting > 0)
		pthread_cond_broadcast(&pool->fewer);
}

/* Runs @job with the lock released, and takes it again. */
static void run_locked(struct cfs_pool *pool, struct cfs_job *job, void *desk)
{
	pthread_mutex_unlock(&pool->lock);
	job->run(job, desk);
	pthread_mutex_lock(&pool->lock);
	tell_callers_locked(pool);
}

/* Clears @desk with the lock released, and takes it again.  Returns false if
 * the desk was clear already. */
static bool clear_locked(struct cfs_pool *pool, void *desk)
{
	bool was_used;

	pthread_mutex_unlock(&pool->lock);
	was_used = pool->desks.clear(pool->desks.ctx, desk);
	pthread_mutex_lock(&pool->lock);
	if (was_used)
		tell_callers_locked(pool);
	return was_used;
}

struct start {
	struct cfs_pool *pool;
	void *desk;
};

static void *work(void *arg)
{
	struct start me = *(struct start *)arg;
	struct cfs_pool *pool = me.pool;

	free(arg);
	pthread_mutex_lock(&pool->lock);
	while (!pool->stop) {
		struct cfs_job *job = pop_locked(pool);

		if (job) {
			run_locked(pool, job, me.desk);
		} else if (!clear_locked(pool, me.desk) && !pool->first) {
			pool->idle++;
			tell_callers_locked(pool);
			if (!pool->stop)
				pthread_cond_wait(&pool->more, &pool->lock);
			pool->idle--;
		}
	}
	pthread_mutex_unlock(&pool->lock);
	pool->desks.free(me.desk);
	return NULL;
}

/* Starts a thread that blocks all signals: they are for the callers'
 * threads. */
static int start_thread(pthread_t *ret, struct start *me)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, NULL, work, me);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

/* Starts one more thread, with the lock released meanwhile.  If that fails, the
 * pool stops growing; the callers, which work too, will finish the jobs. */
static void start_locked(struct cfs_pool *pool)
{
	unsigned n = pool->n_threads++;
	struct start *me;

	pool->starting++;
	pthread_mutex_unlock(&pool->lock);
	me = malloc(sizeof(*me));
	if (me)
		*me = (struct start){ pool, pool->desks.make(pool->desks.ctx) };
	if (!me || !me->desk || start_thread(&pool->threads[n], me) != 0) {
		if (me && me->desk)
			pool->desks.free(me->desk);
		free(me);
		me = NULL;
	}
	pthread_mutex_lock(&pool->lock);
	pool->starting--;
	if (!me) {
		pool->n_threads--;
		pool->max = pool->n_threads;
		tell_callers_locked(pool);
	}
}

/* Wakes or starts a thread, but only for several jobs: waking one for every job
 * would cost more than a short job does. */
static void find_hands_locked(struct cfs_pool *pool)
{
	if (pool->idle > 0 && pool->backlog >= 2)
		pthread_cond_signal(&pool->more);
	/* One at a time, because a thread that fails to start gives its index
	 * back. */
	if (pool->idle == 0 && pool->starting == 0 &&
	    pool->n_threads < pool->max &&
	    pool->backlog >= 2 * ((size_t)pool->n_threads + 1))
		start_locked(pool);
}

void cfs_pool_push(struct cfs_pool *pool, struct cfs_job *job)
{
	pthread_mutex_lock(&pool->lock);
	job->next = NULL;
	if (pool->first)
		pool->last->next = job;
	else
		pool->first = job;
	pool->last = job;
	pool->backlog += weight(job);
	find_hands_locked(pool);
	pthread_mutex_unlock(&pool->lock);
}

void cfs_pool_push_first(struct cfs_pool *pool, struct cfs_job *job)
{
	pthread_mutex_lock(&pool->lock);
	job->next = pool->first;
	if (!pool->first)
		pool->last = job;
	pool->first = job;
	pool->backlog += weight(job);
	find_hands_locked(pool);
	pthread_mutex_unlock(&pool->lock);
}

void cfs_pool_until(struct cfs_pool *pool, void *desk, bool (*done)(void *ctx),
		    void *ctx)
{
	pthread_mutex_lock(&pool->lock);
	while (!done(ctx)) {
		struct cfs_job *job = pop_locked(pool);

		if (job) {
			pool->callers++;
			run_locked(pool, job, desk);
			pool->callers--;
		} else if (!clear_locked(pool, desk) && !done(ctx) &&
			   !pool->first) {
			pool->waiting++;
			pthread_cond_wait(&pool->fewer, &pool->lock);
			pool->waiting--;
		}
	}
	pthread_mutex_unlock(&pool->lock);
}

static bool all_idle(void *ctx)
{
	const struct cfs_pool *pool = ctx;

	return !pool->first && pool->callers == 0 &&
	       pool->idle == pool->n_threads;
}

void cfs_pool_finish(struct cfs_pool *pool, void *desk)
{
	pthread_mutex_lock(&pool->lock);
	if (pool->backlog > 1 && pool->idle > 0)
		pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	do
		cfs_pool_until(pool, desk, all_idle, pool);
	while (pool->desks.clear(pool->desks.ctx, desk));
}

int cfs_pool_new(unsigned threads, const struct cfs_pool_desks *desks,
		 struct cfs_pool **ret, struct cfs_err *err)
{
	struct cfs_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return cfs_no_memory(err);
	pool->desks = *desks;
	/* The caller's thread works, too. */
	pool->max = threads - 1;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	pthread_cond_init(&pool->fewer, NULL);
	*ret = pool;
	return 0;
}

void cfs_pool_free(struct cfs_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->more);
	pthread_cond_destroy(&pool->fewer);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
