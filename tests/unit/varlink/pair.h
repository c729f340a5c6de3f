/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Both ends of a connection, in one process. */
#ifndef CFS_TESTS_UNIT_VARLINK_PAIR_H
#define CFS_TESTS_UNIT_VARLINK_PAIR_H

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/auto.h"
#include "tests/fake/mount.h"
#include "tests/test.h"
#include "varlink/wire.h"

/* Sends @n descriptors @fds with the @len bytes at @data, in one call. */
static inline void send_fds(int to, const void *data, size_t len,
			    const int *fds, unsigned n)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(CFS_VARLINK_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, len };
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
	CHECK_EQ(sendmsg(to, &msg, MSG_NOSIGNAL), len);
}

/* Sends @text and its NUL. */
static inline void send_message(int to, const char *text)
{
	send_fds(to, text, strlen(text) + 1, NULL, 0);
}

/* Are @a and @b of one open file? */
static inline int is_same(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static inline void make_pair(int pair[2])
{
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

#endif
