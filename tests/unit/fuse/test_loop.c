/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/loop.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "tests/unit/fuse/session.h"

#define REQUESTS 192

static struct cfs_err err;

/* A loop whose kernel is the other end of a socket pair. */
struct rig {
	struct fuse_session *session;
	struct cfs_fuse_loop *loop;
	int peer;
	sem_t other; /* posted by a handler that another one waits for */
	unsigned answered;
	pthread_mutex_t lock;
	pthread_cond_t second;
	pthread_t first;   /* thread that was seen in a handler */
	bool is_seen, two; /* one was, two different ones were */
};

static void on_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	(void)conn;
}

/* Takes until another request was answered. */
static void on_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct rig *rig = fuse_req_userdata(req);

	(void)ino;
	cfs_fuse_loop_spare(rig->loop);
	while (sem_wait(&rig->other) < 0)
		;
	(void)fuse_reply_err(req, EIO);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	struct rig *rig = fuse_req_userdata(req);

	(void)ino;
	(void)fi;
	(void)fuse_reply_err(req, ENOENT);
	(void)sem_post(&rig->other);
}

/* After some, takes until a second thread answers, too. */
static void on_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct rig *rig = fuse_req_userdata(req);

	(void)ino;
	(void)pthread_mutex_lock(&rig->lock);
	if (!rig->is_seen)
		rig->first = pthread_self();
	rig->is_seen = true;
	if (!pthread_equal(rig->first, pthread_self())) {
		rig->two = true;
		(void)pthread_cond_broadcast(&rig->second);
	}
	if (++rig->answered > REQUESTS / 2)
		while (!rig->two)
			(void)pthread_cond_wait(&rig->second, &rig->lock);
	(void)pthread_mutex_unlock(&rig->lock);
	(void)fuse_reply_err(req, ENOENT);
}

static const struct fuse_lowlevel_ops ops = {
	.init = on_init,
	.statfs = on_statfs,
	.getattr = on_getattr,
	.readlink = on_readlink,
};

static void send_request(const struct rig *rig, uint32_t opcode,
			 const void *body, size_t len)
{
	struct fuse_in_header head = {
		.len = (uint32_t)(sizeof(head) + len),
		.opcode = opcode,
		.unique = opcode,
		.nodeid = FUSE_ROOT_ID,
	};
	struct iovec iov[] = { { &head, sizeof(head) },
			       { (void *)(uintptr_t)body, len } };

	CHECK_EQ(writev(rig->peer, iov, len > 0 ? 2 : 1), head.len);
}

/* Waits for a reply.  Returns the operation that it is for. */
static uint64_t receive_reply(const struct rig *rig)
{
	struct fuse_out_header out;

	CHECK(recv(rig->peer, &out, sizeof(out), MSG_TRUNC) >=
	      (ssize_t)sizeof(out));
	return out.unique;
}

static void start(struct rig *rig)
{
	static char *argv[] = { (char *)(uintptr_t) "test" };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	const struct fuse_init_in init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
	};
	char path[32];
	int ends[2];

	*rig = (struct rig){ .lock = PTHREAD_MUTEX_INITIALIZER,
			     .second = PTHREAD_COND_INITIALIZER };
	CHECK_EQ(sem_init(&rig->other, 0, 0), 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends),
		 0);
	rig->peer = ends[1];
	rig->session = fuse_session_new(&args, &ops, sizeof(ops), rig);
	fuse_opt_free_args(&args);
	CHECK(rig->session);
	CHECK_EQ(cfs_fuse_loop_new(rig->session, &rig->loop, &err), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	CHECK_EQ(fuse_session_mount(rig->session, path), 0);
	CHECK_EQ(cfs_fuse_loop_connect(rig->loop, &err), 0);
	send_request(rig, FUSE_INIT, &init, sizeof(init));
}

static void stop(struct rig *rig)
{
	cfs_fuse_loop_end(rig->loop);
	fuse_session_destroy(rig->session);
	cfs_fuse_loop_free(rig->loop);
	cfs_closep(&rig->peer);
	(void)sem_destroy(&rig->other);
}

/* Runs the loop, which was started, while @kernel runs in another thread. */
static void serve(struct rig *rig, void *(*kernel)(void *))
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, kernel, rig), 0);
	cfs_fuse_loop_run(rig->loop);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	stop(rig);
}

static void run_with(struct rig *rig, void *(*kernel)(void *))
{
	start(rig);
	serve(rig, kernel);
}

static void *unmount(void *arg)
{
	struct rig *rig = arg;
	const struct fuse_getattr_in in = { 0 };

	CHECK_EQ(receive_reply(rig), FUSE_INIT);
	for (unsigned i = 0; i < 100; i++) {
		send_request(rig, FUSE_GETATTR, &in, sizeof(in));
		CHECK_EQ(receive_reply(rig), FUSE_GETATTR);
	}
	CHECK_EQ(shutdown(rig->peer, SHUT_RDWR), 0);
	return NULL;
}

TEST(requests_are_answered_until_there_are_no_more)
{
	struct rig rig;

	run_with(&rig, unmount);
}

static void *terminate(void *arg)
{
	struct rig *rig = arg;

	CHECK_EQ(receive_reply(rig), FUSE_INIT);
	CHECK_EQ(pthread_kill(rig->first, SIGTERM), 0);
	return NULL;
}

/* The signal comes before, while or after the thread begins to wait. */
TEST(a_signal_ends_the_loop_whenever_it_comes)
{
	struct sigaction before, after;

	CHECK_EQ(sigaction(SIGTERM, NULL, &before), 0);
	for (unsigned i = 0; i < 300; i++) {
		struct rig rig;
		pthread_t thread;

		start(&rig);
		rig.first = pthread_self();
		CHECK_EQ(pthread_create(&thread, NULL, terminate, &rig), 0);
		cfs_fuse_loop_run(rig.loop);
		CHECK_EQ(pthread_join(thread, NULL), 0);
		stop(&rig);
	}
	CHECK_EQ(sigaction(SIGTERM, NULL, &after), 0);
	CHECK(before.sa_handler == after.sa_handler);
}

static void *stop_it(void *arg)
{
	struct rig *rig = arg;

	cfs_fuse_loop_stop(rig->loop);
	return NULL;
}

TEST(another_thread_can_end_the_loop)
{
	for (unsigned i = 0; i < 300; i++) {
		struct rig rig;

		run_with(&rig, stop_it);
	}
}

static void *ask_slowly(void *arg)
{
	struct rig *rig = arg;
	const struct fuse_getattr_in in = { 0 };

	CHECK_EQ(receive_reply(rig), FUSE_INIT);
	send_request(rig, FUSE_STATFS, NULL, 0);
	send_request(rig, FUSE_GETATTR, &in, sizeof(in));
	CHECK_EQ(receive_reply(rig), FUSE_GETATTR);
	CHECK_EQ(receive_reply(rig), FUSE_STATFS);
	cfs_fuse_loop_stop(rig->loop);
	return NULL;
}

TEST(a_request_that_takes_its_time_keeps_no_other_waiting)
{
	for (unsigned i = 0; i < 50; i++) {
		struct rig rig;

		run_with(&rig, ask_slowly);
	}
}

static void *take_replies(void *arg)
{
	struct rig *rig = arg;

	CHECK_EQ(receive_reply(rig), FUSE_INIT);
	for (unsigned i = 0; i < REQUESTS; i++)
		CHECK_EQ(receive_reply(rig), FUSE_READLINK);
	cfs_fuse_loop_stop(rig->loop);
	return NULL;
}

TEST(requests_that_wait_get_another_thread)
{
	struct rig rig;

	start(&rig);
	/* All before the first is answered: a sender that loses its processor
	 * meanwhile would let the queue run dry, and nobody would be called. */
	for (unsigned i = 0; i < REQUESTS; i++)
		send_request(&rig, FUSE_READLINK, NULL, 0);
	serve(&rig, take_replies);
	CHECK(rig.two);
}
