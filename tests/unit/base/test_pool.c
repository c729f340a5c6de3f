/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/test.h"

static struct cfs_err err;

/* A desk on which jobs leave numbers, which are added up when it is cleared. */
struct desk {
	unsigned long heap;
};

static atomic_ulong sum;
static atomic_uint desks, cleared;
static unsigned desks_max = 1000;

static void *make(void *ctx)
{
	CHECK_EQ(ctx, &sum);
	return atomic_fetch_add(&desks, 1) < desks_max
		       ? calloc(1, sizeof(struct desk))
		       : NULL;
}

static bool clear(void *ctx, void *at)
{
	struct desk *desk = at;

	CHECK_EQ(ctx, &sum);
	if (desk->heap == 0)
		return false;
	sum += desk->heap;
	desk->heap = 0;
	cleared++;
	return true;
}

static void free_desk(void *at)
{
	CHECK_EQ(((struct desk *)at)->heap, 0);
	free(at);
}

static struct cfs_pool *pool_of(unsigned threads)
{
	const struct cfs_pool_desks of = { make, free_desk, clear, &sum };
	struct cfs_pool *pool;

	sum = 0;
	desks = cleared = 0;
	CHECK_EQ(cfs_pool_new(threads, &of, &pool, &err), 0);
	return pool;
}

struct number {
	struct cfs_job job;
	unsigned long n;
};

static void leave_number(struct cfs_job *job, void *at)
{
	((struct desk *)at)->heap += ((struct number *)job)->n;
}

static void push_numbers(struct cfs_pool *pool, struct number *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct number){ { .run = leave_number }, i + 1 };
		if (i % 3)
			cfs_pool_push(pool, &v[i].job);
		else
			cfs_pool_push_first(pool, &v[i].job);
	}
}

TEST(every_job_is_done_once_and_every_desk_cleared)
{
	static const unsigned threads[] = { 2, 3, 8, CFS_POOL_THREADS_MAX };
	static struct number v[2000];

	for (size_t t = 0; t < CFS_ARRAY_SIZE(threads); t++) {
		struct cfs_pool *pool = pool_of(threads[t]);
		struct desk mine = { 0 };

		for (int round = 0; round < 5; round++) {
			sum = 0;
			push_numbers(pool, v, CFS_ARRAY_SIZE(v));
			cfs_pool_finish(pool, &mine);
			CHECK_EQ(sum, 2000ul * 2001 / 2);
			CHECK_EQ(mine.heap, 0);
		}
		CHECK(desks < threads[t]);
		cfs_pool_free(pool);
	}
}

TEST(a_few_jobs_start_no_thread)
{
	struct cfs_pool *pool = pool_of(8);
	struct desk mine = { 0 };
	struct number v[1];

	push_numbers(pool, v, 1);
	cfs_pool_finish(pool, &mine);
	CHECK_EQ(sum, 1);
	CHECK_EQ(desks, 0);
	cfs_pool_free(pool);
}

TEST(desks_that_cannot_be_made_leave_the_work_to_the_caller)
{
	static struct number v[500];
	struct desk mine = { 0 };
	struct cfs_pool *pool;

	desks_max = 0;
	pool = pool_of(4);
	push_numbers(pool, v, CFS_ARRAY_SIZE(v));
	cfs_pool_finish(pool, &mine);
	CHECK_EQ(sum, 500ul * 501 / 2);
	CHECK_EQ(desks, 1);
	cfs_pool_free(pool);
	desks_max = 1000;
}

/* One job in many parts, which any thread may take. */
struct parts {
	struct cfs_job job;
	struct cfs_pool *pool;
	unsigned next, n;
	atomic_uint left;
};

static void take_part(struct cfs_job *job, void *at)
{
	struct parts *p = (struct parts *)job;
	unsigned mine = p->next++;

	job->weight = p->n - p->next;
	if (p->next < p->n)
		cfs_pool_push_first(p->pool, job);
	((struct desk *)at)->heap += mine;
	p->left--;
}

static bool none_left(void *ctx)
{
	return ((struct parts *)ctx)->left == 0;
}

TEST(a_job_pushes_itself_again_until_its_parts_are_done)
{
	struct cfs_pool *pool = pool_of(4);
	struct desk mine = { 0 };
	struct parts p = {
		{ .run = take_part, .weight = 1000 }, pool, 0, 1000, 1000
	};

	cfs_pool_push(pool, &p.job);
	cfs_pool_until(pool, &mine, none_left, &p);
	cfs_pool_finish(pool, &mine);
	CHECK_EQ(sum, 999ul * 1000 / 2);
	CHECK(desks <= 3);
	cfs_pool_free(pool);
}

/* Several callers of one pool, each waiting for its own jobs. */
struct caller {
	struct cfs_pool *pool;
	struct number v[300];
	atomic_uint done;
};

struct mine {
	struct cfs_job job;
	struct caller *caller;
};

static void count_mine(struct cfs_job *job, void *at)
{
	(void)at;
	((struct mine *)job)->caller->done++;
}

static bool has_all(void *ctx)
{
	return ((struct caller *)ctx)->done == 300;
}

static void *call(void *arg)
{
	struct caller *c = arg;
	struct desk mine = { 0 };
	struct mine jobs[300];

	for (int i = 0; i < 300; i++) {
		jobs[i] = (struct mine){ { .run = count_mine }, c };
		cfs_pool_push(c->pool, &jobs[i].job);
	}
	cfs_pool_until(c->pool, &mine, has_all, c);
	return NULL;
}

TEST(several_callers_share_a_pool)
{
	for (int round = 0; round < 20; round++) {
		struct cfs_pool *pool = pool_of(3);
		static struct caller callers[4];
		pthread_t threads[4];
		struct desk mine = { 0 };

		for (int i = 0; i < 4; i++) {
			callers[i].pool = pool;
			callers[i].done = 0;
			CHECK_EQ(pthread_create(&threads[i], NULL, call,
						&callers[i]),
				 0);
		}
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		cfs_pool_finish(pool, &mine);
		cfs_pool_free(pool);
	}
}

static atomic_int seen_by;

static void note_thread(int sig)
{
	(void)sig;
	seen_by = gettid();
}

static void raise_here(struct cfs_job *job, void *at)
{
	(void)job;
	(void)at;
	if (gettid() != getpid())
		kill(getpid(), SIGUSR1);
}

TEST(signals_reach_the_callers_thread_alone)
{
	struct cfs_pool *pool = pool_of(4);
	static struct cfs_job jobs[200];
	struct desk mine = { 0 };

	signal(SIGUSR1, note_thread);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(jobs); i++) {
		jobs[i].run = raise_here;
		cfs_pool_push(pool, &jobs[i]);
	}
	cfs_pool_finish(pool, &mine);
	CHECK(seen_by == 0 || seen_by == getpid());
	cfs_pool_free(pool);
}

TEST(a_process_may_run_on_one_thread_at_least)
{
	CHECK(cfs_pool_usable_threads() >= 1);
}
