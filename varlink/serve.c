/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/serve.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* Seconds in which a guest has to take what is sent.  While one does not read,
 * its pull holds the repository's lock, which root may wait for. */
#define GUEST_PATIENCE 60

/* Waits for the client to disappear. */
struct watch {
	int fd; /* the socket, borrowed */
	struct cfs_varlink_service *service;
};

/*
 * Only a connection that is closed in both directions counts: a client may
 * close its side once it has sent its calls, and read on.
 */
static void *watch_client(void *arg)
{
	const struct watch *watch = arg;
	struct pollfd poll_fd = { .fd = watch->fd };

	while (poll(&poll_fd, 1, -1) < 0 && errno == EINTR)
		;
	/* Either this sees that a method may end, or the method that begins
	 * sees that the client is gone. */
	watch->service->client_gone = true;
	if (watch->service->may_end)
		_exit(EXIT_SUCCESS);
	return NULL;
}

static int answer(struct cfs_varlink_service *service,
		  const struct cfs_varlink_wire *wire,
		  const struct cfs_varlink_message *message,
		  struct cfs_err *err)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };
	int r = cfs_varlink_dispatch(service, message, &call, err);

	if (r < 0 || call.text.len == 0)
		return r;
	return cfs_varlink_send(wire, cfs_buf_bytes(&call.text), call.fds_back,
				call.n_fds_back, err);
}

static int send_part(void *arg, struct cfs_bytes text, struct cfs_err *err)
{
	const struct cfs_varlink_wire *wire = arg;
	int r = cfs_varlink_send(wire, text, NULL, 0, err);

	/* To the thread that watches it, such a client has disappeared. */
	if (r == -EAGAIN)
		(void)shutdown(wire->fd, SHUT_RDWR);
	return r;
}

static int limit_patience(int fd, struct cfs_err *err)
{
	const struct timeval patience = { .tv_sec = GUEST_PATIENCE };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) < 0)
		return cfs_fail_errno(err, "limit the time of a reply");
	return 0;
}

static int answer_all(struct cfs_varlink_service *service,
		      struct cfs_varlink_wire *wire, struct cfs_err *err)
{
	struct cfs_varlink_message message;
	int r;

	while ((r = cfs_varlink_receive(wire, &message, err)) > 0) {
		r = answer(service, wire, &message, err);
		if (r == -EPIPE || r == -ECONNRESET || r == -ECANCELED ||
		    r == -EAGAIN)
			return 0;
		if (r < 0)
			return r;
	}
	return r;
}

int cfs_varlink_serve(int fd, const struct cfs_varlink_register *shared,
		      const struct cfs_varlink_rules *rules,
		      struct cfs_err *err)
{
	/* Freed after the connection, whose descriptors it waits for. */
	CFS_AUTOVARLINKSERVICE struct cfs_varlink_service service = {
		.peer = cfs_varlink_peer_get(fd),
		.rules = *rules,
		.send = send_part,
		.handles.shared = shared->fd >= 0 ? shared : NULL,
	};
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(fd);
	struct watch watch = { fd, &service };
	pthread_t thread;
	int r = 0;

	if (rules->guests)
		cfs_varlink_peer_welcome(&service.peer);
	r = service.peer.guest
		    ? limit_patience(fd, err)
		    : cfs_varlink_peer_become(&service.peer, fd, err);
	service.send_arg = &wire;
	if (r < 0)
		return r;
	r = pthread_create(&thread, NULL, watch_client, &watch);
	if (r != 0)
		return cfs_fail_code(err, -r, "start a thread");
	r = answer_all(&service, &wire, err);
	/* Wakes the thread. */
	service.may_end = false;
	(void)shutdown(fd, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	return r;
}
