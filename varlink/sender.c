/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/sender.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/auto.h"
#include "oci/splitdirfd_write.h"
#include "repo/stream/names.h"

struct cfs_varlink_sender {
	pthread_t thread;
	struct cfs_repo repo; /* locked */
	struct cfs_stream_file layer;
	int to;	   /* the pipe of the stream */
	int alive; /* ends when the client has closed its other end */
	_Atomic bool ended;
};

static void free_sender(struct cfs_varlink_sender *sender)
{
	cfs_stream_file_close(&sender->layer);
	cfs_repo_close(&sender->repo);
	cfs_closep(&sender->to);
	cfs_closep(&sender->alive);
	free(sender);
}

/* What the client writes, it writes to nobody. */
static void wait_for_client(int alive)
{
	char ignored[256];
	ssize_t n;

	do
		n = read(alive, ignored, sizeof(ignored));
	while (n > 0 || (n < 0 && errno == EINTR));
}

/* An error ends the stream inside a chunk, which is all that the client sees of
 * it. */
static void *send_layer(void *arg)
{
	struct cfs_varlink_sender *sender = arg;
	const struct cfs_sink to = cfs_sink_of_fd(&sender->to);
	struct cfs_err ignored;
	sigset_t pipes;

	/* Where the client has gone, write(2) is to say so. */
	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipes, NULL);
	(void)!cfs_splitdirfd_write(&sender->repo, sender->layer.stream, 0, &to,
				    &ignored);
	cfs_closep(&sender->to);
	wait_for_client(sender->alive);
	cfs_repo_close(&sender->repo);
	sender->ended = true;
	return NULL;
}

static void join(struct cfs_varlink_sender **sender)
{
	(void)pthread_join((*sender)->thread, NULL);
	free_sender(*sender);
	*sender = NULL;
}

void cfs_varlink_senders_wait(struct cfs_varlink_senders *senders)
{
	for (size_t i = 0; i < CFS_VARLINK_SENDERS_MAX; i++)
		if (senders->v[i])
			join(&senders->v[i]);
}

/* A place for another one, or NULL. */
static struct cfs_varlink_sender **find_place(
	struct cfs_varlink_senders *senders)
{
	for (size_t i = 0; i < CFS_VARLINK_SENDERS_MAX; i++) {
		struct cfs_varlink_sender **place = &senders->v[i];

		if (*place && (*place)->ended)
			join(place);
		if (!*place)
			return place;
	}
	return NULL;
}

static int open_pipes(struct cfs_varlink_sender *sender, int *ret_from,
		      int *ret_alive, struct cfs_err *err)
{
	CFS_AUTOFD int from = -EBADF;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cfs_fail_errno(err, "make a pipe");
	from = ends[0];
	sender->to = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return cfs_fail_errno(err, "make a pipe");
	sender->alive = ends[0];
	*ret_alive = ends[1];
	*ret_from = cfs_steal_fd(&from);
	return 0;
}

static int start(struct cfs_varlink_sender *sender, struct cfs_repo *repo,
		 struct cfs_err *err)
{
	int r;

	sender->repo = *repo;
	r = pthread_create(&sender->thread, NULL, send_layer, sender);
	if (r == 0) {
		repo->fd = -EBADF;
		return 0;
	}
	sender->repo.fd = -EBADF;
	return cfs_fail_code(err, -r, "start a thread");
}

int cfs_varlink_send_layer(struct cfs_varlink_senders *senders,
			   struct cfs_repo *repo,
			   const struct cfs_digest *layer, int *ret_from,
			   int *ret_alive, struct cfs_err *err)
{
	struct cfs_varlink_sender **place = find_place(senders);
	struct cfs_varlink_sender *sender;
	CFS_AUTOFD int from = -EBADF, alive = -EBADF;
	int r;

	if (!place)
		return cfs_fail(err, EMFILE,
				"this connection sends the maximum of %d "
				"layers; close the descriptors of one",
				CFS_VARLINK_SENDERS_MAX);
	sender = calloc(1, sizeof(*sender));
	if (!sender)
		return cfs_no_memory(err);
	sender->layer.fd = sender->repo.fd = -EBADF;
	sender->to = sender->alive = -EBADF;
	r = cfs_stream_load(repo, layer, NULL, &sender->layer, err);
	if (r == 0)
		r = open_pipes(sender, &from, &alive, err);
	if (r == 0)
		r = start(sender, repo, err);
	if (r < 0) {
		free_sender(sender);
		return r;
	}
	*place = sender;
	*ret_from = cfs_steal_fd(&from);
	*ret_alive = cfs_steal_fd(&alive);
	return 0;
}
