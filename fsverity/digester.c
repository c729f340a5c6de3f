/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/digester.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "fsverity/window.h"

/* Descriptors that wait to be read, at most: a quarter of what a process
 * usually may have open. */
#define OPEN_MAX 256

/* Files that are handed to a thread together, and the bytes that are enough:
 * taking the lock is to cost nothing beside the work. */
#define TASK_FILES 16
#define TASK_BYTES (256u << 10)

/* Files for one thread, or a long one for all of them. */
struct task {
	struct task *next;
	size_t n;
	uint64_t bytes;
	struct cfs_input files[TASK_FILES];
	bool is_long;
	struct cfs_long file;
	uint64_t taken, left; /* segments: handed out, not done */
};

/* What a thread does next. */
struct job {
	struct task *task;
	uint64_t segment;
};

struct cfs_digester {
	enum cfs_alg alg;
	unsigned threads;
	bool keeps;
	struct cfs_keeper keeper;

	/* The caller's alone. */
	struct cfs_window *window;
	struct task *filling;
	size_t task_files;
	pthread_t *workers;
	unsigned n_workers;

	struct task *tasks; /* owned; unused without threads */
	pthread_mutex_t lock;
	pthread_cond_t more;  /* there is something to do, or stop was set */
	pthread_cond_t fewer; /* a task is free, or a worker idle */
	struct task *first, *last, *unused;
	uint64_t backlog; /* jobs in first..last */
	unsigned idle;	  /* workers that wait for more, with empty windows */
	bool waiting;	  /* the caller does, for fewer */
	bool stop;

	/* err and culprit are set once, before failed. */
	int failed;
	struct cfs_err err;
	const void *culprit;
};

static int no_memory(struct cfs_err *err)
{
	return cfs_fail(err, ENOMEM, "out of memory");
}

static bool has_failed(const struct cfs_digester *d)
{
	return __atomic_load_n(&d->failed, __ATOMIC_ACQUIRE) != 0;
}

static int failure(const struct cfs_digester *d, struct cfs_err *err)
{
	*err = d->err;
	return -err->code;
}

/* The first one counts. */
static void fail(struct cfs_digester *d, const struct cfs_err *err,
		 const void *culprit)
{
	pthread_mutex_lock(&d->lock);
	if (!has_failed(d)) {
		d->err = *err;
		d->culprit = culprit;
		__atomic_store_n(&d->failed, 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&d->lock);
}

static void fail_window(struct cfs_digester *d, const struct cfs_window *w,
			const struct cfs_err *err)
{
	fail(d, err, cfs_window_culprit(w));
}

static void flush(struct cfs_digester *d, struct cfs_window *w)
{
	struct cfs_err err = { 0 };

	if (has_failed(d))
		cfs_window_drop(w);
	else if (cfs_window_flush(w, &err) < 0)
		fail_window(d, w, &err);
}

static void take(struct cfs_digester *d, struct cfs_window *w,
		 struct cfs_input *in)
{
	struct cfs_err err = { 0 };

	if (has_failed(d))
		cfs_closep(&in->fd);
	else if (cfs_window_take(w, in, &err) < 0)
		fail_window(d, w, &err);
}

static void hash_segment(struct cfs_digester *d, struct cfs_window *w,
			 struct cfs_long *file, uint64_t n)
{
	struct cfs_err err = { 0 };

	if (cfs_window_busy(w))
		flush(d, w);
	if (!has_failed(d) && cfs_long_segment(w, file, n, &err) < 0)
		fail_window(d, w, &err);
}

static void finish_long(struct cfs_digester *d, struct cfs_window *w,
			struct cfs_long *file)
{
	struct cfs_err err = { 0 };

	if (!has_failed(d) && cfs_long_finish(w, file, &err) < 0)
		fail_window(d, w, &err);
	cfs_long_free(file);
}

/* With one thread: at once. */
static void take_long(struct cfs_digester *d, struct cfs_input *in)
{
	struct cfs_err err = { 0 };
	struct cfs_long file;

	if (cfs_long_init(d->alg, in, &file, &err) < 0) {
		fail(d, &err, in->who);
		return;
	}
	for (uint64_t i = 0; i < file.segments; i++)
		hash_segment(d, d->window, &file, i);
	finish_long(d, d->window, &file);
}

/* Below: the lock is held, where nothing else is said. */

static void put_back(struct cfs_digester *d, struct task *task)
{
	*task = (struct task){ .next = d->unused };
	d->unused = task;
	if (d->waiting)
		pthread_cond_signal(&d->fewer);
}

/* Takes the next job, if there is one; a long file stays first until all its
 * segments are taken. */
static bool next_job(struct cfs_digester *d, struct job *ret)
{
	struct task *task = d->first;

	if (!task)
		return false;
	*ret = (struct job){ .task = task };
	if (task->is_long)
		ret->segment = task->taken++;
	if (!task->is_long || task->taken == task->file.segments)
		d->first = task->next;
	d->backlog--;
	return true;
}

/* Lets the lock go meanwhile. */
static void run(struct cfs_digester *d, struct cfs_window *w,
		const struct job *job)
{
	struct task *task = job->task;
	bool last = true;

	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < task->n; i++)
		take(d, w, &task->files[i]);
	if (task->is_long) {
		hash_segment(d, w, &task->file, job->segment);
		pthread_mutex_lock(&d->lock);
		last = --task->left == 0;
		pthread_mutex_unlock(&d->lock);
		if (last)
			finish_long(d, w, &task->file);
	}
	pthread_mutex_lock(&d->lock);
	if (last)
		put_back(d, task);
}

struct worker {
	struct cfs_digester *d;
	struct cfs_window *window;
};

static void *work(void *arg)
{
	struct worker me = *(struct worker *)arg;
	struct cfs_digester *d = me.d;
	struct job job;

	free(arg);
	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		if (next_job(d, &job)) {
			run(d, me.window, &job);
		} else if (cfs_window_busy(me.window)) {
			pthread_mutex_unlock(&d->lock);
			flush(d, me.window);
			pthread_mutex_lock(&d->lock);
		} else {
			d->idle++;
			if (d->waiting)
				pthread_cond_signal(&d->fewer);
			pthread_cond_wait(&d->more, &d->lock);
			d->idle--;
		}
	}
	pthread_mutex_unlock(&d->lock);
	cfs_window_free(me.window);
	return NULL;
}

/* Signals are for the caller's thread. */
static int start_thread(pthread_t *ret, struct worker *me)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, NULL, work, me);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

/* Without the lock.  One thread less is no failure: the caller hashes too. */
static void start_worker(struct cfs_digester *d)
{
	struct worker *me = malloc(sizeof(*me));
	struct cfs_window *window = NULL;
	struct cfs_err ignored;

	if (me && cfs_window_new(d->alg, d->keeps ? &d->keeper : NULL, &window,
				 &ignored) == 0) {
		*me = (struct worker){ d, window };
		if (start_thread(&d->workers[d->n_workers], me) == 0) {
			d->n_workers++;
			return;
		}
	}
	cfs_window_free(window);
	free(me);
	d->threads = d->n_workers + 1;
}

/* Without the lock: hands the task over, and sees that there are hands. */
static void push(struct cfs_digester *d, struct task *task)
{
	uint64_t backlog;

	pthread_mutex_lock(&d->lock);
	if (d->first)
		d->last->next = task;
	else
		d->first = task;
	d->last = task;
	d->backlog += task->is_long ? task->file.segments : 1;
	backlog = d->backlog;
	/* Several tasks for each time a thread has to be woken. */
	if (d->idle > 0 && backlog >= 2) {
		if (task->is_long)
			pthread_cond_broadcast(&d->more);
		else
			pthread_cond_signal(&d->more);
	}
	pthread_mutex_unlock(&d->lock);
	while (d->n_workers + 1 < d->threads &&
	       backlog >= 2 * ((uint64_t)d->n_workers + 1))
		start_worker(d);
}

/* Without the lock: an unused task, for which the caller works if need be. */
static struct task *new_task(struct cfs_digester *d)
{
	struct task *task;
	struct job job;

	pthread_mutex_lock(&d->lock);
	while (!d->unused) {
		if (next_job(d, &job)) {
			run(d, d->window, &job);
			continue;
		}
		d->waiting = true;
		pthread_cond_wait(&d->fewer, &d->lock);
		d->waiting = false;
	}
	task = d->unused;
	d->unused = task->next;
	task->next = NULL;
	pthread_mutex_unlock(&d->lock);
	return task;
}

static void push_filling(struct cfs_digester *d)
{
	struct task *task = cfs_steal_ptr(&d->filling);

	if (task)
		push(d, task);
}

static void queue(struct cfs_digester *d, const struct cfs_input *in)
{
	struct task *task;

	if (!d->filling)
		d->filling = new_task(d);
	task = d->filling;
	task->files[task->n++] = *in;
	task->bytes += in->size;
	if (task->n == d->task_files || task->bytes >= TASK_BYTES)
		push_filling(d);
}

static void queue_long(struct cfs_digester *d, struct cfs_input *in)
{
	struct task *task = new_task(d);
	struct cfs_err err = { 0 };

	if (cfs_long_init(d->alg, in, &task->file, &err) < 0) {
		fail(d, &err, in->who);
		pthread_mutex_lock(&d->lock);
		put_back(d, task);
		pthread_mutex_unlock(&d->lock);
		return;
	}
	task->is_long = true;
	task->left = task->file.segments;
	push(d, task);
}

/* Without the lock: works until nobody has anything to do. */
static void drain(struct cfs_digester *d)
{
	struct job job;

	push_filling(d);
	pthread_mutex_lock(&d->lock);
	if (d->backlog > 1 && d->idle > 0)
		pthread_cond_broadcast(&d->more);
	while (next_job(d, &job))
		run(d, d->window, &job);
	pthread_mutex_unlock(&d->lock);
	flush(d, d->window);
	pthread_mutex_lock(&d->lock);
	d->waiting = true;
	while (d->idle < d->n_workers)
		pthread_cond_wait(&d->fewer, &d->lock);
	d->waiting = false;
	pthread_mutex_unlock(&d->lock);
}

int cfs_digester_add(struct cfs_digester *d, int *fd, const struct stat *st,
		     uint8_t *ret, const void *who, struct cfs_err *err)
{
	struct cfs_input in = { .fd = cfs_steal_fd(fd),
				.size = (uint64_t)st->st_size,
				.mtime = st->st_mtim,
				.ret = ret,
				.who = who };
	bool is_long = in.size > CFS_DIGESTER_WINDOW;

	assert(S_ISREG(st->st_mode) && st->st_size >= 0);
	if (has_failed(d)) {
		cfs_closep(&in.fd);
		return failure(d, err);
	}
	if (d->threads == 1)
		(is_long ? take_long(d, &in) : take(d, d->window, &in));
	else
		(is_long ? queue_long(d, &in) : queue(d, &in));
	return has_failed(d) ? failure(d, err) : 0;
}

int cfs_digester_finish(struct cfs_digester *d, struct cfs_err *err)
{
	if (d->tasks)
		drain(d);
	else
		flush(d, d->window);
	return has_failed(d) ? failure(d, err) : 0;
}

void cfs_digester_cancel(struct cfs_digester *d)
{
	struct cfs_err err = { 0 };

	cfs_fail(&err, ECANCELED, "cancelled");
	fail(d, &err, NULL);
	err.code = cfs_digester_finish(d, &err);
}

const void *cfs_digester_culprit(const struct cfs_digester *d)
{
	return has_failed(d) ? d->culprit : NULL;
}

enum cfs_alg cfs_digester_alg(const struct cfs_digester *d)
{
	return d->alg;
}

static unsigned usable_threads(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n > 0 ? (unsigned)n : 1;
}

static size_t open_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur / 4 >= OPEN_MAX)
		return OPEN_MAX;
	return limit.rlim_cur < 16 ? 4 : (size_t)limit.rlim_cur / 4;
}

static int make_tasks(struct cfs_digester *d, struct cfs_err *err)
{
	size_t n = 2 * (size_t)d->threads + 2, max = open_max();

	if (n > max)
		n = max;
	d->task_files = max / n;
	if (d->task_files > TASK_FILES)
		d->task_files = TASK_FILES;
	d->tasks = calloc(n, sizeof(*d->tasks));
	d->workers = calloc(d->threads, sizeof(*d->workers));
	if (!d->tasks || !d->workers)
		return no_memory(err);
	for (size_t i = 0; i < n; i++)
		put_back(d, &d->tasks[i]);
	return 0;
}

int cfs_digester_new(enum cfs_alg alg, unsigned threads,
		     const struct cfs_keeper *keeper, struct cfs_digester **ret,
		     struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return no_memory(err);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->more, NULL);
	pthread_cond_init(&d->fewer, NULL);
	d->alg = alg;
	d->threads = threads > 0 ? threads : usable_threads();
	if (d->threads > CFS_DIGESTER_THREADS_MAX)
		d->threads = CFS_DIGESTER_THREADS_MAX;
	if (keeper) {
		d->keeper = *keeper;
		d->keeps = true;
	}
	r = cfs_window_new(alg, d->keeps ? &d->keeper : NULL, &d->window, err);
	if (r == 0 && d->threads > 1)
		r = make_tasks(d, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&d);
	return 0;
}

void cfs_digester_free(struct cfs_digester *d)
{
	if (!d)
		return;
	if (d->window)
		cfs_digester_cancel(d);
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_broadcast(&d->more);
	pthread_mutex_unlock(&d->lock);
	for (unsigned i = 0; i < d->n_workers; i++)
		pthread_join(d->workers[i], NULL);
	pthread_cond_destroy(&d->more);
	pthread_cond_destroy(&d->fewer);
	pthread_mutex_destroy(&d->lock);
	cfs_window_free(d->window);
	free(d->workers);
	free(d->tasks);
	free(d);
}
