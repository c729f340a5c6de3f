/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/serve.h"

#include <sys/wait.h>
#include <time.h>

#include "tests/unit/ops/image.h"
#include "tests/unit/varlink/pair.h"
#include "varlink/wire.h"

/* A client and the process that serves it. */
struct client {
	struct cfs_varlink_wire wire;
	pid_t pid;
};

static const struct cfs_varlink_register none = CFS_VARLINK_REGISTER_NONE;
static const struct cfs_trust nothing;
static const struct cfs_varlink_rules rules = { .trust = &nothing };

static void start_service(struct client *client)
{
	int pair[2];

	make_pair(pair);
	fflush(stdout);
	client->pid = fork();
	CHECK(client->pid >= 0);
	if (client->pid == 0) {
		close(pair[1]);
		_exit(-cfs_varlink_serve(pair[0], &none, &rules, &err));
	}
	close(pair[0]);
	client->wire = (struct cfs_varlink_wire)CFS_VARLINK_WIRE_INIT(pair[1]);
}

/* The next reply; NULL: there is none any more. */
static const char *reply_of(struct client *client)
{
	struct cfs_varlink_message message;

	if (cfs_varlink_receive(&client->wire, &message, &err) != 1)
		return NULL;
	return (const char *)message.text.data;
}

static int end_of(const struct client *client)
{
	int status;

	CHECK_EQ(waitpid(client->pid, &status, 0), client->pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(calls_are_answered_in_turn_until_the_client_closes)
{
	struct client client;

	start_service(&client);
	send_message(client.wire.fd, "{\"method\":\"a.A\"}");
	send_message(client.wire.fd, "{\"method\":\"a.B\"}");
	CHECK(strstr(reply_of(&client), "a.A"));
	CHECK(strstr(reply_of(&client), "a.B"));
	cfs_varlink_wire_free(&client.wire);
	CHECK_EQ(end_of(&client), 0);
}

TEST(a_client_may_close_its_side_and_read_on)
{
	struct client client;

	start_service(&client);
	send_message(client.wire.fd, "{\"method\":\"a.A\"}");
	CHECK_EQ(shutdown(client.wire.fd, SHUT_WR), 0);
	CHECK(strstr(reply_of(&client), "a.A"));
	CHECK(!reply_of(&client));
	CHECK_EQ(end_of(&client), 0);
	cfs_varlink_wire_free(&client.wire);
}

TEST(what_is_no_call_closes_the_connection)
{
	struct client client;

	start_service(&client);
	send_message(client.wire.fd, "what?");
	CHECK(!reply_of(&client));
	CHECK_EQ(end_of(&client), EBADMSG);
	cfs_varlink_wire_free(&client.wire);
}

TEST(a_client_that_does_not_wait_for_its_reply_is_no_error)
{
	struct client client;

	start_service(&client);
	send_message(client.wire.fd, "{\"method\":\"a.A\"}");
	cfs_varlink_wire_free(&client.wire);
	CHECK_EQ(end_of(&client), 0);
}

/* Asks for a check of the test's repository, which has to wait for its lock. */
static void begin_check(struct client *client)
{
	char text[4300];

	snprintf(text, sizeof(text),
		 "{\"method\":\"org.composefs.Repository.OpenRepository\","
		 "\"parameters\":{\"path\":\"%s\"}}",
		 root);
	send_message(client->wire.fd, text);
	CHECK(strstr(reply_of(client), "\"handle\": 1"));
}

TEST(a_check_ends_with_its_client)
{
	CFS_AUTOREPO struct cfs_repo holder = CFS_REPO_INIT;
	struct client client;

	start_empty();
	start_service(&client);
	begin_check(&client);
	CHECK_EQ(cfs_access_read(&access_of_root, &holder, &err), 0);
	CHECK_EQ(cfs_repo_lock(&holder, CFS_LOCK_EXCLUSIVE, NULL, &err), 1);
	send_message(client.wire.fd,
		     "{\"method\":\"org.composefs.Repository.Fsck\","
		     "\"parameters\":{\"handle\":1}}");
	cfs_varlink_wire_free(&client.wire);
	/* It would wait for ever. */
	CHECK_EQ(end_of(&client), 0);
}
