/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * varlinkcall [OPTION]... SOCKET MESSAGE...: sends each message and prints its
 * reply.
 *	-f PATH	sends a descriptor of PATH with the last message; repeatable
 *	-m DIR	attaches the mount that comes with the last reply at DIR
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/kernel.h"
#include "varlink/wire.h"

#define FDS_MAX 8

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		errx(2, "%s: too long", path);
	strcpy(address.sun_path, path);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "%s", path);
	return fd;
}

static void send_all(int to, const char *text, const int *fds, size_t n)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) + 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n > 0) {
		struct cmsghdr *c;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	if (sendmsg(to, &msg, MSG_NOSIGNAL) < 0)
		err(1, "send");
}

static void attach(const struct cfs_varlink_message *reply, const char *where)
{
	int r;

	if (reply->n_fds != 1)
		errx(1, "%u descriptors came", reply->n_fds);
	r = cfs_kernel_move_mount(reply->fds[0], AT_FDCWD, where, 0);
	if (r < 0)
		errx(1, "attach: %s", strerror(-r));
}

int main(int argc, char **argv)
{
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	struct cfs_varlink_message reply = { 0 };
	const char *where = NULL;
	int fds[FDS_MAX], opt;
	struct cfs_err e;
	size_t n = 0;

	while ((opt = getopt(argc, argv, "f:m:")) >= 0) {
		if (opt == 'm')
			where = optarg;
		else if (opt != 'f' || n == FDS_MAX)
			return 2;
		else if ((fds[n++] = open(optarg, O_PATH | O_CLOEXEC)) < 0)
			err(1, "%s", optarg);
	}
	if (argc - optind < 2)
		errx(2, "SOCKET MESSAGE...");
	wire.fd = connect_to(argv[optind++]);
	for (; optind < argc; optind++) {
		send_all(wire.fd, argv[optind], fds,
			 optind == argc - 1 ? n : 0);
		if (cfs_varlink_receive(&wire, &reply, &e) != 1)
			errx(1, "no reply");
		puts((const char *)reply.text.data);
	}
	if (where)
		attach(&reply, where);
	return 0;
}
