/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/wire.h"

#include <pthread.h>
#include <sys/stat.h>

#include "tests/unit/varlink/pair.h"

static struct cfs_err err;
static struct cfs_varlink_message message;

static bool is(const char *text)
{
	return message.text.len == strlen(text) &&
	       memcmp(message.text.data, text, message.text.len) == 0;
}

TEST(messages_come_one_by_one_however_they_are_sent)
{
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	int pair[2];

	make_pair(pair);
	wire.fd = pair[0];
	send_fds(pair[1], "one\0two\0\0th", 11, NULL, 0);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK(is("one"));
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK(is("two"));
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK(is(""));
	send_fds(pair[1], "ree", 4, NULL, 0);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK(is("three"));
	CHECK_EQ(message.n_fds, 0);
	close(pair[1]);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 0);
}

TEST(an_end_inside_a_message_is_an_error)
{
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	int pair[2];

	make_pair(pair);
	wire.fd = pair[0];
	send_fds(pair[1], "half", 4, NULL, 0);
	close(pair[1]);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), -EBADMSG);
}

/* A message of @len bytes and its NUL, sent by a thread. */
struct sender {
	int fd;
	size_t len;
};

static void *send_long(void *arg)
{
	const struct sender *s = arg;
	CFS_AUTOFREE char *text = calloc(1, s->len + 1);
	size_t sent = 0;

	CHECK(text);
	memset(text, 'x', s->len);
	while (sent <= s->len) {
		ssize_t n = send(s->fd, text + sent, s->len + 1 - sent,
				 MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
	}
	return NULL;
}

static int receive_long(size_t len)
{
	struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	struct sender s = { .len = len };
	pthread_t thread;
	int pair[2], r;

	make_pair(pair);
	wire.fd = pair[0];
	s.fd = pair[1];
	CHECK_EQ(pthread_create(&thread, NULL, send_long, &s), 0);
	r = cfs_varlink_receive(&wire, &message, &err);
	CHECK(r < 0 || message.text.len == len);
	cfs_varlink_wire_free(&wire);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	close(pair[1]);
	return r;
}

TEST(the_longest_message_is_taken_and_no_longer_one)
{
	CHECK_EQ(receive_long(CFS_VARLINK_MESSAGE_MAX), 1);
	CHECK_EQ(receive_long(CFS_VARLINK_MESSAGE_MAX + 1), -EMSGSIZE);
	CHECK_EQ(receive_long(2 * CFS_VARLINK_MESSAGE_MAX), -EMSGSIZE);
}

TEST(descriptors_come_with_the_message_that_they_were_sent_with)
{
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	int pair[2], files[2];

	make_pair(pair);
	CHECK_EQ(pipe2(files, O_CLOEXEC), 0);
	wire.fd = pair[0];
	send_message(pair[1], "without");
	send_fds(pair[1], "with", 5, files, 2);
	send_fds(pair[1], "par", 3, &files[1], 1);
	send_fds(pair[1], "ts", 3, &files[0], 1);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK(is("without"));
	CHECK_EQ(message.n_fds, 0);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK(is("with"));
	CHECK_EQ(message.n_fds, 2);
	CHECK(is_same(message.fds[0], files[0]));
	CHECK(is_same(message.fds[1], files[1]));
	CHECK(fcntl(message.fds[0], F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK(is("parts"));
	CHECK_EQ(message.n_fds, 2);
	CHECK(is_same(message.fds[0], files[1]));
	close(files[0]);
	close(files[1]);
	close(pair[1]);
}

TEST(a_descriptor_that_nobody_took_is_closed_with_its_message)
{
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	int pair[2], files[2], before, kept;

	make_pair(pair);
	CHECK_EQ(pipe2(files, O_CLOEXEC), 0);
	wire.fd = pair[0];
	before = fake_open_fds();
	send_fds(pair[1], "a", 2, files, 2);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	kept = cfs_steal_fd(&message.fds[1]);
	send_message(pair[1], "b");
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK_EQ(fake_open_fds(), before + 1);
	CHECK(is_same(kept, files[1]));
	close(kept);
	close(files[0]);
	close(files[1]);
	close(pair[1]);
}

TEST(more_descriptors_than_a_message_can_have_are_refused_and_closed)
{
	struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	int pair[2], files[2], before, many[CFS_VARLINK_FDS_MAX];

	CHECK_EQ(pipe2(files, O_CLOEXEC), 0);
	before = fake_open_fds();
	make_pair(pair);
	wire.fd = pair[0];
	for (unsigned i = 0; i < CFS_VARLINK_FDS_MAX; i++)
		many[i] = files[0];
	send_fds(pair[1], "a", 2, many, CFS_VARLINK_FDS_MAX);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), 1);
	CHECK_EQ(message.n_fds, CFS_VARLINK_FDS_MAX);
	send_fds(pair[1], "b", 1, many, CFS_VARLINK_FDS_MAX);
	send_fds(pair[1], "c", 2, many, 1);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), -EMSGSIZE);
	cfs_varlink_wire_free(&wire);
	close(pair[1]);
	CHECK_EQ(fake_open_fds(), before);
	close(files[0]);
	close(files[1]);
}

TEST(a_client_cannot_keep_its_connection_open_with_its_own_descriptor)
{
	struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	int pair[2], before = fake_open_fds();

	make_pair(pair);
	wire.fd = pair[0];
	send_fds(pair[1], "half", 4, &pair[1], 1);
	close(pair[1]);
	CHECK_EQ(cfs_varlink_receive(&wire, &message, &err), -EBADMSG);
	cfs_varlink_wire_free(&wire);
	CHECK_EQ(fake_open_fds(), before);
}

TEST(descriptors_are_sent_with_the_reply)
{
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	CFS_AUTOWIRE struct cfs_varlink_wire peer = CFS_VARLINK_WIRE_INIT(-1);
	const struct cfs_bytes text = { (const uint8_t *)"reply", 6 };
	CFS_AUTOFD int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int files[] = { file, STDOUT_FILENO, file };
	int pair[2];

	make_pair(pair);
	wire.fd = pair[0];
	peer.fd = pair[1];
	CHECK_EQ(cfs_varlink_send(&wire, text, files, 3, &err), 0);
	CHECK_EQ(cfs_varlink_send(&wire, text, NULL, 0, &err), 0);
	CHECK_EQ(cfs_varlink_receive(&peer, &message, &err), 1);
	CHECK(is("reply"));
	CHECK_EQ(message.n_fds, 3);
	for (unsigned i = 0; i < 3; i++)
		CHECK(is_same(message.fds[i], files[i]));
	CHECK_EQ(cfs_varlink_receive(&peer, &message, &err), 1);
	CHECK_EQ(message.n_fds, 0);
}

TEST(a_peer_that_is_gone_is_no_signal)
{
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(-1);
	int pair[2];

	make_pair(pair);
	wire.fd = pair[0];
	close(pair[1]);
	CHECK_EQ(cfs_varlink_send(&wire,
				  (struct cfs_bytes){ (const uint8_t *)"", 1 },
				  NULL, 0, &err),
		 -EPIPE);
}
