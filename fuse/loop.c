/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/loop.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "fuse/server.h"

/* After this many requests a thread looks whether others wait, which one or two
 * always may: a kernel does not wait for releases. */
#define LOOK_EVERY 8

/* So many looks in a row find some before another thread is called. */
#define LOOKS 8

/* Interrupts a thread that waits for a request. */
#define KICK SIGUSR1

static const int handled[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, KICK };

struct helper {
	struct cfs_fuse_loop *loop;
	pthread_t thread;
	int fd; /* its own of the session; -EBADF: that of all */
};

struct cfs_fuse_loop {
	struct fuse_session *session;
	pthread_t first;
	atomic_uint readers; /* threads that wait for a request, or will */
	struct sigaction before[CFS_ARRAY_SIZE(handled)];
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t called;
	unsigned resting; /* helpers that wait to be called, */
	unsigned calls;	  /* and those of them that were */
	unsigned n;
	struct helper helpers[CFS_FUSE_THREADS_MAX - 1];
};

/* A handler of signals gets no context. */
static struct cfs_fuse_loop *current;

/* The descriptor by which this thread gets requests and has to reply to them;
 * -EBADF: that of the session. */
static _Thread_local int channel = -EBADF;

static int channel_or(int fd)
{
	return channel >= 0 ? channel : fd;
}

static ssize_t read_request(int fd, void *buf, size_t len, void *userdata)
{
	(void)userdata;
	return read(channel_or(fd), buf, len);
}

static ssize_t write_reply(int fd, struct iovec *iov, int n, void *userdata)
{
	(void)userdata;
	return writev(channel_or(fd), iov, n);
}

static const struct fuse_custom_io io = {
	.read = read_request,
	.writev = write_reply,
};

/* A thread that is about to wait for a request will not, whereas one that waits
 * needs a signal. */
static void never_wait(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* Calls nothing but what a handler of signals may. */
static void end_session(struct fuse_session *session)
{
	fuse_session_exit(session);
	never_wait(fuse_session_fd(session));
}

static void on_signal(int number)
{
	int saved = errno;

	if (number != KICK && current)
		end_session(current->session);
	errno = saved;
}

static void catch_signals(struct cfs_fuse_loop *loop)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(handled); i++) {
		struct sigaction action = { .sa_handler = on_signal };

		if (handled[i] == SIGPIPE)
			action.sa_handler = SIG_IGN;
		(void)sigaction(handled[i], NULL, &loop->before[i]);
		/* Signals that nohup(1) ignored stay ignored. */
		if (loop->before[i].sa_handler != SIG_IGN || handled[i] == KICK)
			(void)sigaction(handled[i], &action, NULL);
	}
}

int cfs_fuse_loop_new(struct fuse_session *session, struct cfs_fuse_loop **ret,
		      struct cfs_err *err)
{
	struct cfs_fuse_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return cfs_no_memory(err);
	loop->session = session;
	loop->first = pthread_self();
	(void)pthread_mutex_init(&loop->lock, NULL);
	(void)pthread_cond_init(&loop->called, NULL);
	current = loop;
	catch_signals(loop);
	*ret = loop;
	return 0;
}

int cfs_fuse_loop_connect(struct cfs_fuse_loop *loop, struct cfs_err *err)
{
	int fd = fuse_session_fd(loop->session);

	if (fuse_session_custom_io(loop->session, &io, sizeof(io), fd) != 0)
		return cfs_no_memory(err);
	return 0;
}

/* Returns whether a request waits. */
static bool is_waiting(const struct cfs_fuse_loop *loop)
{
	struct pollfd p = { channel_or(fuse_session_fd(loop->session)), POLLIN,
			    0 };

	return poll(&p, 1, 0) > 0;
}

static void call_helper(struct cfs_fuse_loop *loop);

/* A thread that answers. */
struct worker {
	struct fuse_buf buf;
	unsigned answered;
	unsigned looks; /* in a row that found requests waiting */
};

static void look(struct cfs_fuse_loop *loop, struct worker *worker)
{
	if (++worker->answered % LOOK_EVERY != 0)
		return;
	if (atomic_load(&loop->readers) > 0 || !is_waiting(loop)) {
		worker->looks = 0;
	} else if (++worker->looks == LOOKS) {
		worker->looks = 0;
		call_helper(loop);
	}
}

/* Gets a request and answers it.  Returns 0 or negative errno if there will be
 * no more. */
static int answer_one(struct cfs_fuse_loop *loop, struct worker *worker)
{
	int r;

	atomic_fetch_add(&loop->readers, 1);
	r = fuse_session_receive_buf(loop->session, &worker->buf);
	atomic_fetch_sub(&loop->readers, 1);
	if (r <= 0)
		return r == -EINTR || r == -EAGAIN ? 1 : r;
	look(loop, worker);
	fuse_session_process_buf(loop->session, &worker->buf);
	return 1;
}

/* Waits until the helper is called, or the session has ended. */
static void rest(struct cfs_fuse_loop *loop)
{
	(void)pthread_mutex_lock(&loop->lock);
	if (atomic_load(&loop->readers) > 0) {
		loop->resting++;
		while (loop->calls == 0 && !fuse_session_exited(loop->session))
			(void)pthread_cond_wait(&loop->called, &loop->lock);
		loop->resting--;
		if (loop->calls > 0)
			loop->calls--;
	}
	(void)pthread_mutex_unlock(&loop->lock);
}

static void *help(void *arg)
{
	struct helper *helper = arg;
	struct cfs_fuse_loop *loop = helper->loop;
	struct worker worker = { 0 };

	channel = helper->fd;
	while (!fuse_session_exited(loop->session) &&
	       answer_one(loop, &worker) > 0) {
		if (atomic_load(&loop->readers) > 0 && !is_waiting(loop))
			rest(loop);
	}
	free(worker.buf.mem);
	return NULL;
}

/* Signals are for the first thread, but for KICK and the thread's own
 * faults. */
static void block_signals(sigset_t *before)
{
	static const int own[] = { SIGBUS, SIGSEGV, SIGFPE,
				   SIGILL, SIGABRT, KICK };
	sigset_t set;

	(void)sigfillset(&set);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(own); i++)
		(void)sigdelset(&set, own[i]);
	(void)pthread_sigmask(SIG_SETMASK, &set, before);
}

/* A descriptor of the session with a queue of its own for what is being
 * answered, so that threads do not wait for each other.  -EBADF: there is
 * none. */
static int clone_channel(const struct cfs_fuse_loop *loop)
{
	uint32_t session = (uint32_t)fuse_session_fd(loop->session);
	CFS_AUTOFD int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, FUSE_DEV_IOC_CLONE, &session) < 0)
		return -EBADF;
	return cfs_steal_fd(&fd);
}

/* With the lock held. */
static void start_helper(struct cfs_fuse_loop *loop)
{
	struct helper *helper = &loop->helpers[loop->n];
	sigset_t before;

	helper->loop = loop;
	helper->fd = clone_channel(loop);
	block_signals(&before);
	if (pthread_create(&helper->thread, NULL, help, helper) == 0)
		loop->n++;
	else
		cfs_closep(&helper->fd);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void call_helper(struct cfs_fuse_loop *loop)
{
	(void)pthread_mutex_lock(&loop->lock);
	if (loop->resting > loop->calls) {
		loop->calls++;
		(void)pthread_cond_signal(&loop->called);
	} else if (loop->n < CFS_ARRAY_SIZE(loop->helpers)) {
		start_helper(loop);
	}
	(void)pthread_mutex_unlock(&loop->lock);
}

void cfs_fuse_loop_spare(struct cfs_fuse_loop *loop)
{
	if (atomic_load(&loop->readers) == 0)
		call_helper(loop);
}

void cfs_fuse_loop_run(struct cfs_fuse_loop *loop)
{
	struct worker worker = { 0 };
	sigset_t kick;

	(void)sigemptyset(&kick);
	(void)sigaddset(&kick, KICK);
	(void)pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
	while (!fuse_session_exited(loop->session) &&
	       answer_one(loop, &worker) > 0)
		;
	free(worker.buf.mem);
}

void cfs_fuse_loop_stop(struct cfs_fuse_loop *loop)
{
	end_session(loop->session);
	(void)pthread_kill(loop->first, KICK);
}

void cfs_fuse_loop_end(struct cfs_fuse_loop *loop)
{
	end_session(loop->session);
	(void)pthread_mutex_lock(&loop->lock);
	(void)pthread_cond_broadcast(&loop->called);
	(void)pthread_mutex_unlock(&loop->lock);
	for (unsigned i = 0; i < loop->n; i++)
		if (loop->helpers[i].fd >= 0)
			never_wait(loop->helpers[i].fd);
	for (unsigned i = 0; i < loop->n; i++) {
		(void)pthread_kill(loop->helpers[i].thread, KICK);
		(void)pthread_join(loop->helpers[i].thread, NULL);
		cfs_closep(&loop->helpers[i].fd);
	}
}

void cfs_fuse_loop_free(struct cfs_fuse_loop *loop)
{
	if (!loop)
		return;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(handled); i++)
		(void)sigaction(handled[i], &loop->before[i], NULL);
	current = NULL;
	(void)pthread_mutex_destroy(&loop->lock);
	(void)pthread_cond_destroy(&loop->called);
	free(loop);
}
