/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/writer.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "repo/object.h"

/* Files under way; each has a buffer of its own, of which only what the
 * longest file needed is ever touched. */
#define JOBS 32
/* The threads wake each other for this many files, not for each one. */
#define BATCH (JOBS / 2)

struct job {
	uint8_t *buf; /* owned */
	size_t len;
	struct cfs_digest id;
};

struct cfs_writer {
	struct cfs_store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;  /* a job was added, or stop was set */
	pthread_cond_t fewer; /* a job was done */
	struct job jobs[JOBS];
	unsigned added, done; /* counts; jobs[n % JOBS] is the nth */
	unsigned level;	      /* the caller waits for no more than these */
	bool waiting;	      /* the caller does */
	bool idle;	      /* the thread waits for more */
	bool stop;
	struct cfs_err err; /* of the first job that failed */
};

/* The next job's number is *@ret; false when there will be none. */
static bool next_job(struct cfs_writer *w, unsigned *ret)
{
	bool any;

	pthread_mutex_lock(&w->lock);
	while (w->added == w->done && !w->stop) {
		w->idle = true;
		pthread_cond_wait(&w->more, &w->lock);
		w->idle = false;
	}
	any = !w->stop;
	*ret = w->done;
	pthread_mutex_unlock(&w->lock);
	return any;
}

static void *work(void *arg)
{
	struct cfs_writer *w = arg;
	unsigned n;

	while (next_job(w, &n)) {
		const struct job *job = &w->jobs[n % JOBS];
		struct cfs_bytes data = { job->buf, job->len };
		struct cfs_err err = { 0 };
		int r = 0;

		/* After a failure the rest is only counted. */
		if (w->err.code == 0)
			r = cfs_object_add_known(w->store, data, &job->id,
						 &err);
		pthread_mutex_lock(&w->lock);
		if (r < 0)
			w->err = err;
		w->done++;
		if (w->waiting && w->added - w->done <= w->level)
			pthread_cond_signal(&w->fewer);
		pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

/* Signals are the main thread's. */
static int start(struct cfs_writer *w)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static void free_buffers(struct cfs_writer *w)
{
	for (unsigned i = 0; i < JOBS; i++)
		free(w->jobs[i].buf);
}

int cfs_writer_new(struct cfs_store *store, struct cfs_writer **ret,
		   struct cfs_err *err)
{
	struct cfs_writer *w = calloc(1, sizeof(*w));
	int r = w ? 0 : ENOMEM;

	for (unsigned i = 0; r == 0 && i < JOBS; i++) {
		/* One byte more tells "full" from "longer". */
		w->jobs[i].buf = malloc(CFS_OBJECT_IN_MEMORY + 1);
		r = w->jobs[i].buf ? 0 : ENOMEM;
	}
	if (r == 0) {
		w->store = store;
		pthread_mutex_init(&w->lock, NULL);
		pthread_cond_init(&w->more, NULL);
		pthread_cond_init(&w->fewer, NULL);
		r = start(w);
	}
	if (r == 0) {
		*ret = w;
		return 0;
	}
	if (w)
		free_buffers(w);
	free(w);
	return cfs_fail(err, r, "start a thread: %s", strerror(r));
}

void cfs_writer_free(struct cfs_writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->more);
	pthread_cond_destroy(&w->fewer);
	pthread_mutex_destroy(&w->lock);
	free_buffers(w);
	free(w);
}

/* Waits until at most @most jobs are under way; the first error of any. */
static int wait_for(struct cfs_writer *w, unsigned most, struct cfs_err *err)
{
	int r = 0;

	pthread_mutex_lock(&w->lock);
	w->level = most;
	w->waiting = true;
	while (w->added - w->done > most) {
		if (w->idle)
			pthread_cond_signal(&w->more);
		pthread_cond_wait(&w->fewer, &w->lock);
	}
	w->waiting = false;
	if (w->err.code != 0) {
		*err = w->err;
		r = -err->code;
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

/* Returns whether every job's place is taken. */
static bool hand_over(struct cfs_writer *w)
{
	unsigned n;

	pthread_mutex_lock(&w->lock);
	n = ++w->added - w->done;
	if (w->idle && n >= BATCH)
		pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return n == JOBS;
}

int cfs_writer_add_file(struct cfs_writer *w, int fd, struct cfs_digest *ret,
			uint64_t *ret_size, struct cfs_err *err)
{
	struct job *job = &w->jobs[w->added % JOBS];
	struct cfs_bytes data;
	ssize_t n;
	int r;

	n = cfs_read_full(fd, job->buf, CFS_OBJECT_IN_MEMORY + 1);
	if (n < 0)
		return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
	data = (struct cfs_bytes){ job->buf, (size_t)n };
	if (data.len > CFS_OBJECT_IN_MEMORY) {
		/* Long ones are copied by the kernel: nothing to share. */
		r = wait_for(w, 0, err);
		return r < 0 ? r
			     : cfs_object_add_long(w->store, data, fd, ret,
						   ret_size, err);
	}
	r = cfs_verity_digest_bytes(w->store->repo.meta.alg, data, &job->id,
				    err);
	if (r < 0)
		return r;
	job->len = data.len;
	*ret = job->id;
	*ret_size = data.len;
	return hand_over(w) ? wait_for(w, JOBS - BATCH, err) : 0;
}

int cfs_writer_finish(struct cfs_writer *w, struct cfs_err *err)
{
	return wait_for(w, 0, err);
}
