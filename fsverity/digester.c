/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/digester.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "fsverity/digesting.h"
#include "fsverity/long.h"

/* The maximum number of descriptors that wait to be read: a quarter of what a
 * process may usually have open. */
#define OPEN_MAX 256

/* A task for a thread is full at so many files or bytes, so that the lock costs
 * little beside the work. */
#define TASK_FILES 16
#define TASK_BYTES (256u << 10)

/* A file to be read, as it was given to cfs_digester_add(). */
struct input {
	int fd;
	uint64_t size;
	struct timespec mtime;
	uint8_t *ret;
	const void *who;
};

/* A job: some short files for one thread, or a long one for all threads. */
struct cfs_task {
	struct cfs_job job;
	struct cfs_task *next;
	struct cfs_digester *d;
	size_t n;
	uint64_t bytes;
	struct input files[TASK_FILES]; /* a long file is files[0] */
	/* Of a long file. */
	struct cfs_long file;
	uint64_t taken; /* segments handed out; changed by the job's thread */
	uint64_t left;	/* segments that are not done; atomic */
};

bool cfs_digester_failed(const struct cfs_digester *d)
{
	return __atomic_load_n(&d->failed, __ATOMIC_ACQUIRE) != 0;
}

int cfs_digester_failure(const struct cfs_digester *d, struct cfs_err *err)
{
	*err = d->err;
	return -err->code;
}

void cfs_digester_fail(struct cfs_digester *d, const struct cfs_err *err,
		       const void *culprit)
{
	pthread_mutex_lock(&d->lock);
	/* The first failure counts: later ones may be its consequences. */
	if (!cfs_digester_failed(d)) {
		d->err = *err;
		d->culprit = culprit;
		__atomic_store_n(&d->failed, 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&d->lock);
}

void cfs_digester_flush(struct cfs_digester *d, struct cfs_window *w)
{
	struct cfs_err err = { 0 };

	if (cfs_digester_failed(d))
		cfs_window_drop(w);
	else if (cfs_window_flush(w, &err) < 0)
		cfs_digester_fail(d, &err, cfs_window_culprit(w));
}

int cfs_digester_window(struct cfs_digester *d, struct cfs_window **ret,
			struct cfs_err *err)
{
	return cfs_window_new(d->alg, d->keeps ? &d->keeper : NULL, ret, err);
}

static int changed(struct cfs_err *err)
{
	return cfs_fail(err, ESTALE, "changed while it was read");
}

static int check_status(const struct cfs_digester *d, const struct input *in,
			struct cfs_err *err)
{
	struct stat st;

	if (d->compares)
		return 0;
	if (fstat(in->fd, &st) < 0)
		return cfs_fail_errno(err, "stat");
	if ((uint64_t)st.st_size != in->size ||
	    st.st_mtim.tv_sec != in->mtime.tv_sec ||
	    st.st_mtim.tv_nsec != in->mtime.tv_nsec)
		return changed(err);
	return 0;
}

/* Normally a single read: asking for one byte too many reveals a file that
 * grew, and a short read is continued. */
static int read_whole(const struct cfs_digester *d, const struct input *in,
		      uint8_t *data, struct cfs_err *err)
{
	size_t size = (size_t)in->size, done = 0;

	while (done < size) {
		ssize_t n = pread(in->fd, data + done, size + 1 - done,
				  (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cfs_fail_errno(err, "read");
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return done == size ? check_status(d, in, err) : changed(err);
}

static void count(struct cfs_digester *d, uint64_t bytes)
{
	if (d->read)
		atomic_fetch_add_explicit(d->read, bytes, memory_order_relaxed);
}

/* Reads a short file into @w and closes it. */
static void read_short(struct cfs_digester *d, struct cfs_window *w,
		       struct input *in)
{
	uint8_t *data = cfs_window_room(w, in->size);
	struct cfs_err err = { 0 };
	int r = 0;

	if (!data) {
		cfs_digester_flush(d, w);
		data = cfs_window_room(w, in->size);
	}
	if (!cfs_digester_failed(d))
		r = read_whole(d, in, data, &err);
	cfs_closep(&in->fd);
	if (r < 0) {
		cfs_digester_fail(d, &err, in->who);
	} else if (!cfs_digester_failed(d)) {
		cfs_window_add(w, in->size, in->ret, in->who);
		if (cfs_window_hash(w, &err) < 0)
			cfs_digester_fail(d, &err, NULL);
	}
	count(d, in->size);
}

static void read_segment(struct cfs_digester *d, struct cfs_window *w,
			 struct cfs_long *file, int fd, uint64_t n)
{
	struct cfs_err err = { 0 };

	if (!cfs_window_is_empty(w))
		cfs_digester_flush(d, w);
	if (!cfs_digester_failed(d) && cfs_long_read(file, w, n, fd, &err) < 0)
		cfs_digester_fail(d, &err, file->who);
	count(d, cfs_long_segment_size(file, n));
}

/* Computes the digest of a long file whose segments are all done, hands it to
 * the keeper, and closes it. */
static void finish_long(struct cfs_digester *d, struct cfs_window *w,
			struct cfs_long *file, struct input *in)
{
	struct cfs_err err = { 0 };
	struct cfs_digest id;
	int r = 0;

	if (!cfs_digester_failed(d)) {
		/* Now that all of it is read: a change before its last read
		 * would go unnoticed if this came first. */
		r = check_status(d, in, &err);
		if (r == 0)
			r = cfs_long_finish(file, w, &id, &err);
		if (r == 0 && d->keeps)
			r = file->kept
				    ? cfs_long_keep(file, &id, &err)
				    : d->keeper.keep_file(d->keeper.ctx, in->fd,
							  in->size, &id,
							  in->who, &err);
	}
	if (r < 0)
		cfs_digester_fail(d, &err, in->who);
	cfs_closep(&in->fd);
	cfs_long_free(file);
}

/* Prepares to hash the long file @in, and to write it along if the keeper wants
 * that. */
static int begin_long(struct cfs_digester *d, const struct input *in,
		      struct cfs_long *ret, struct cfs_err *err)
{
	const struct cfs_keeper *k = &d->keeper;
	struct cfs_long file = { .size = in->size,
				 .segment = CFS_DIGESTER_SEGMENT,
				 .ret = in->ret,
				 .who = in->who,
				 .keeper = k };
	int r = cfs_long_init(&file, d->alg, err);

	if (r == 0 && d->keeps && k->writes_along && k->writes_along(k->ctx) &&
	    k->begin(k->ctx, in->size, NULL, &file.kept, err) < 0)
		r = -err->code;
	if (r < 0)
		cfs_long_free(&file);
	else
		*ret = file;
	return r;
}

/* Digests a long file in the caller's thread, when there is no other. */
static void read_long(struct cfs_digester *d, struct input *in)
{
	struct cfs_err err = { 0 };
	struct cfs_long file = { 0 };

	if (begin_long(d, in, &file, &err) < 0)
		cfs_digester_fail(d, &err, in->who);
	for (uint64_t i = 0; i < file.segments && !cfs_digester_failed(d); i++)
		read_segment(d, d->window, &file, in->fd, i);
	finish_long(d, d->window, &file, in);
}

/* Makes @task a free one again. */
static void put_back(struct cfs_digester *d, struct cfs_task *task)
{
	pthread_mutex_lock(&d->lock);
	*task = (struct cfs_task){ .next = d->unused, .d = d };
	d->unused = task;
	pthread_mutex_unlock(&d->lock);
}

static void run_short(struct cfs_job *job, void *desk)
{
	struct cfs_task *task = (struct cfs_task *)job;

	for (size_t i = 0; i < task->n; i++)
		read_short(task->d, desk, &task->files[i]);
	put_back(task->d, task);
}

/* Hashes one segment.  While there are more, the job is first put back on the
 * list for other threads; the thread that finishes the last segment finishes
 * the file. */
static void run_long(struct cfs_job *job, void *desk)
{
	struct cfs_task *task = (struct cfs_task *)job;
	struct cfs_digester *d = task->d;
	uint64_t mine = task->taken++;

	/* The job is in no list while it runs, so that nothing else changes
	 * task->taken. */
	job->weight = task->file.segments - task->taken;
	if (job->weight > 0)
		cfs_pool_push_first(d->pool, job);
	read_segment(d, desk, &task->file, task->files[0].fd, mine);
	if (__atomic_sub_fetch(&task->left, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	finish_long(d, desk, &task->file, &task->files[0]);
	put_back(d, task);
}

static bool has_unused(void *ctx)
{
	struct cfs_digester *d = ctx;
	bool has;

	pthread_mutex_lock(&d->lock);
	has = d->unused;
	pthread_mutex_unlock(&d->lock);
	return has;
}

/* Returns an unused task.  If there is none, the caller works until one is. */
static struct cfs_task *new_task(struct cfs_digester *d)
{
	struct cfs_task *task;

	if (!has_unused(d))
		cfs_pool_until(d->pool, d->window, has_unused, d);
	pthread_mutex_lock(&d->lock);
	task = d->unused;
	d->unused = task->next;
	pthread_mutex_unlock(&d->lock);
	return task;
}

static void push_filling(struct cfs_digester *d)
{
	struct cfs_task *task = cfs_steal_ptr(&d->filling);

	if (task)
		cfs_pool_push(d->pool, &task->job);
}

static void queue_short(struct cfs_digester *d, const struct input *in)
{
	struct cfs_task *task;

	if (!d->filling)
		d->filling = new_task(d);
	task = d->filling;
	task->job.run = run_short;
	task->files[task->n++] = *in;
	task->bytes += in->size;
	if (task->n == d->task_files || task->bytes >= TASK_BYTES)
		push_filling(d);
}

static void queue_long(struct cfs_digester *d, struct input *in)
{
	struct cfs_task *task = new_task(d);
	struct cfs_err err = { 0 };

	if (begin_long(d, in, &task->file, &err) < 0) {
		cfs_digester_fail(d, &err, in->who);
		cfs_closep(&in->fd);
		put_back(d, task);
		return;
	}
	task->files[0] = *in;
	task->left = task->file.segments;
	task->job.run = run_long;
	task->job.weight = task->file.segments;
	cfs_pool_push(d->pool, &task->job);
}

static void add(struct cfs_digester *d, struct input *in)
{
	bool is_long = in->size > CFS_DIGESTER_WINDOW;

	if (d->pool && is_long)
		queue_long(d, in);
	else if (d->pool)
		queue_short(d, in);
	else if (is_long)
		read_long(d, in);
	else
		read_short(d, d->window, in);
}

int cfs_digester_add(struct cfs_digester *d, int *fd, const struct stat *st,
		     uint8_t *ret, const void *who, struct cfs_err *err)
{
	struct input in = { .fd = cfs_steal_fd(fd),
			    .size = (uint64_t)st->st_size,
			    .mtime = st->st_mtim,
			    .ret = ret,
			    .who = who };

	assert(S_ISREG(st->st_mode) && st->st_size >= 0);
	if (cfs_digester_failed(d))
		cfs_closep(&in.fd);
	else
		add(d, &in);
	return cfs_digester_failed(d) ? cfs_digester_failure(d, err) : 0;
}

int cfs_digester_finish(struct cfs_digester *d, struct cfs_err *err)
{
	if (d->pool) {
		push_filling(d);
		cfs_pool_finish(d->pool, d->window);
	} else {
		cfs_digester_flush(d, d->window);
	}
	return cfs_digester_failed(d) ? cfs_digester_failure(d, err) : 0;
}

void cfs_digester_cancel(struct cfs_digester *d)
{
	struct cfs_err err = { 0 };

	cfs_fail(&err, ECANCELED, "cancelled");
	cfs_digester_fail(d, &err, NULL);
	/* This fails with ECANCELED, or with what failed before. */
	if (cfs_digester_finish(d, &err) < 0)
		return;
}

const void *cfs_digester_culprit(const struct cfs_digester *d)
{
	return cfs_digester_failed(d) ? d->culprit : NULL;
}

void cfs_digester_compares(struct cfs_digester *d)
{
	d->compares = true;
}

void cfs_digester_count(struct cfs_digester *d, _Atomic uint64_t *bytes)
{
	d->read = bytes;
}

enum cfs_alg cfs_digester_alg(const struct cfs_digester *d)
{
	return d->alg;
}

/* The desks of the pool's threads (base/pool.h) are windows. */
static void *make_desk(void *ctx)
{
	struct cfs_window *w = NULL;
	struct cfs_err ignored;

	return cfs_digester_window(ctx, &w, &ignored) < 0 ? NULL : w;
}

static void free_desk(void *desk)
{
	cfs_window_free(desk);
}

static bool clear_desk(void *ctx, void *desk)
{
	if (cfs_window_is_empty(desk))
		return false;
	cfs_digester_flush(ctx, desk);
	return true;
}

/* Returns how many files may wait to be read, each with its descriptor. */
static size_t open_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur / 4 >= OPEN_MAX)
		return OPEN_MAX;
	return limit.rlim_cur < 16 ? 4 : (size_t)limit.rlim_cur / 4;
}

static int make_pool(struct cfs_digester *d, struct cfs_err *err)
{
	const struct cfs_pool_desks desks = { make_desk, free_desk, clear_desk,
					      d };
	/* Tasks: one that runs and one that waits for each thread, one that is
	 * being filled, and one to spare. */
	size_t n = 2 * (size_t)d->threads + 2, max = open_max();

	if (n > max)
		n = max;
	d->task_files = max / n;
	if (d->task_files > TASK_FILES)
		d->task_files = TASK_FILES;
	d->tasks = calloc(n, sizeof(*d->tasks));
	if (!d->tasks)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++)
		put_back(d, &d->tasks[i]);
	return cfs_pool_new(d->threads, &desks, &d->pool, err);
}

int cfs_digester_new(enum cfs_alg alg, unsigned threads,
		     const struct cfs_keeper *keeper, struct cfs_digester **ret,
		     struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return cfs_no_memory(err);
	pthread_mutex_init(&d->lock, NULL);
	d->alg = alg;
	d->threads = threads > 0 ? threads : cfs_pool_usable_threads();
	if (d->threads > CFS_POOL_THREADS_MAX)
		d->threads = CFS_POOL_THREADS_MAX;
	if (keeper) {
		d->keeper = *keeper;
		d->keeps = true;
	}
	r = cfs_digester_window(d, &d->window, err);
	if (r == 0 && d->threads > 1)
		r = make_pool(d, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&d);
	return 0;
}

void cfs_digester_free(struct cfs_digester *d)
{
	if (!d)
		return;
	/* Otherwise cfs_digester_new() failed halfway. */
	if (d->window && (d->threads == 1 || d->pool))
		cfs_digester_cancel(d);
	cfs_pool_free(d->pool);
	pthread_mutex_destroy(&d->lock);
	cfs_window_free(d->window);
	free(d->tasks);
	free(d);
}
