/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/wire.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* Bytes that are asked for at a time. */
#define CHUNK 65536

/* Room for the descriptors of one message, aligned. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(CFS_VARLINK_FDS_MAX * sizeof(int))];
};

/* Forgets the first @n descriptors, and closes those that nobody took. */
static void drop_fds(struct cfs_varlink_wire *wire, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		cfs_closep(&wire->fds[i]);
	wire->n_fds -= n;
	memmove(wire->fds, wire->fds + n, wire->n_fds * sizeof(wire->fds[0]));
	memmove(wire->fd_at, wire->fd_at + n,
		wire->n_fds * sizeof(wire->fd_at[0]));
}

void cfs_varlink_wire_free(struct cfs_varlink_wire *wire)
{
	drop_fds(wire, wire->n_fds);
	cfs_buf_free(&wire->in);
	cfs_closep(&wire->fd);
}

/* Moves the bytes behind the current message to the front. */
static void drop_message(struct cfs_varlink_wire *wire)
{
	size_t n = wire->message;

	drop_fds(wire, wire->n_message_fds);
	wire->n_message_fds = 0;
	if (n == 0)
		return;
	wire->in.len -= n;
	memmove(wire->in.data, wire->in.data + n, wire->in.len);
	for (unsigned i = 0; i < wire->n_fds; i++)
		wire->fd_at[i] -= n;
	wire->message = 0;
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Takes over the descriptor @fd, whose bytes end before wire->in.len. */
static int keep_fd(struct cfs_varlink_wire *wire, int fd, struct cfs_err *err)
{
	CFS_AUTOFD int owned = fd;

	if (wire->n_fds == CFS_VARLINK_FDS_MAX)
		return cfs_fail(err, EMSGSIZE,
				"a message has more than the maximum of %d "
				"descriptors",
				CFS_VARLINK_FDS_MAX);
	if (is_socket(fd))
		return cfs_fail(err, EBADMSG,
				"a message has the descriptor of a socket, "
				"which no method takes");
	wire->fd_at[wire->n_fds] = wire->in.len - 1;
	wire->fds[wire->n_fds++] = cfs_steal_fd(&owned);
	return 0;
}

/* Takes over the descriptors of @msg; those that are refused are closed. */
static int keep_fds(struct cfs_varlink_wire *wire, struct msghdr *msg,
		    struct cfs_err *err)
{
	struct cmsghdr *c;
	int fd, r = 0;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (r == 0)
				r = keep_fd(wire, fd, err);
			else
				cfs_closep(&fd);
		}
	}
	if (r == 0 && msg->msg_flags & MSG_CTRUNC)
		return cfs_fail(
			err, EMFILE,
			"a descriptor that was sent cannot be received: "
			"too many are open");
	return r;
}

/* Appends what the socket has.  Returns 1, or 0 at the end. */
static int receive_more(struct cfs_varlink_wire *wire, struct cfs_err *err)
{
	union control control;
	struct iovec iov = { .iov_len = CHUNK };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	int r;

	if (!cfs_buf_reserve(&wire->in, CHUNK))
		return cfs_no_memory(err);
	iov.iov_base = wire->in.data + wire->in.len;
	do
		n = recvmsg(wire->fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return cfs_fail_errno(err, "receive a message");
	wire->in.len += (size_t)n;
	r = keep_fds(wire, &msg, err);
	return r < 0 ? r : 1;
}

static unsigned count_fds(const struct cfs_varlink_wire *wire, size_t end)
{
	unsigned n = 0;

	while (n < wire->n_fds && wire->fd_at[n] < end)
		n++;
	return n;
}

/* The length of the first message with its NUL, or 0 if there is no whole one.
 * *@from: the bytes that were searched before. */
static size_t find_end(const struct cfs_varlink_wire *wire, size_t *from)
{
	const uint8_t *data = wire->in.data;
	const uint8_t *end = NULL;

	if (wire->in.len > *from)
		end = memchr(data + *from, '\0', wire->in.len - *from);
	*from = wire->in.len;
	return end ? (size_t)(end - data) + 1 : 0;
}

int cfs_varlink_receive(struct cfs_varlink_wire *wire,
			struct cfs_varlink_message *ret, struct cfs_err *err)
{
	size_t max = wire->max ? wire->max : CFS_VARLINK_MESSAGE_MAX;
	size_t searched = 0, len;

	drop_message(wire);
	while ((len = find_end(wire, &searched)) == 0 && searched <= max) {
		int r = receive_more(wire, err);

		if (r < 0)
			return r;
		if (r == 0 && wire->in.len == 0)
			return 0;
		if (r == 0)
			return cfs_fail(err, EBADMSG,
					"the connection ended inside a "
					"message");
	}
	if (len == 0 || len > max + 1)
		return cfs_fail(err, EMSGSIZE,
				"a message is longer than the maximum of %zu "
				"bytes",
				max);
	wire->message = len;
	wire->n_message_fds = count_fds(wire, len);
	*ret = (struct cfs_varlink_message){
		.text = { wire->in.data, len - 1 },
		.fds = wire->fds,
		.n_fds = wire->n_message_fds,
	};
	return 1;
}

static void attach(struct msghdr *msg, union control *control, const int *fds,
		   unsigned n)
{
	struct cmsghdr *c;
	size_t len = n * sizeof(*fds);

	memset(control, 0, CMSG_SPACE(len));
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), fds, len);
}

int cfs_varlink_send(const struct cfs_varlink_wire *wire, struct cfs_bytes text,
		     const int *fds, unsigned n_fds, struct cfs_err *err)
{
	union control control;
	size_t sent = 0;

	while (sent < text.len) {
		struct iovec iov = { (uint8_t *)(uintptr_t)text.data + sent,
				     text.len - sent };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (sent == 0 && n_fds > 0)
			attach(&msg, &control, fds, n_fds);
		n = sendmsg(wire->fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return cfs_fail_errno(err, "send a message");
		sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}
