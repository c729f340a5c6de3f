/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/client.h"

#include <sys/un.h>

#include "tests/unit/varlink/pair.h"

static struct cfs_err err;
static struct cfs_varlink_answer answer;

/* A client, and the end of the service in *@ret_service. */
static void start_client(struct cfs_varlink_client *client, int *ret_service)
{
	int pair[2];

	make_pair(pair);
	*client = (struct cfs_varlink_client)CFS_VARLINK_CLIENT_INIT;
	client->wire.fd = pair[0];
	*ret_service = pair[1];
}

/* Asks a service that answers with the @len bytes @reply.  The answer is valid
 * until the next one.  *@ret: what was sent. */
static int ask_bytes(const char *reply, size_t len, char ret[static 500])
{
	static struct cfs_varlink_client client = CFS_VARLINK_CLIENT_INIT;
	CFS_AUTOFD int service = -EBADF;

	cfs_varlink_client_free(&client);
	start_client(&client, &service);
	send_fds(service, reply, len, NULL, 0);
	CHECK_EQ(shutdown(service, SHUT_WR), 0);
	cfs_json_write_u64(cfs_varlink_begin_call(&client, "a.B"), "n", 1);
	err.code = cfs_varlink_ask(&client, &answer, &err);
	CHECK(read(service, ret, 500) > 0);
	return err.code;
}

static int ask(const char *reply)
{
	char sent[500];

	return ask_bytes(reply, strlen(reply) + 1, sent);
}

TEST(a_call_is_a_message)
{
	char sent[500] = "";

	CHECK_EQ(ask_bytes("{}", 3, sent), 0);
	CHECK_STR(sent, "{\"method\": \"a.B\", \"parameters\": {\"n\": 1}}");
	CHECK(!answer.is_error && !answer.continues && !answer.parameters);
}

TEST(a_call_can_have_several_replies)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client;
	CFS_AUTOFD int service = -EBADF;
	char sent[500] = "";
	uint64_t n = 0;

	start_client(&client, &service);
	send_message(service, "{\"continues\":true,\"parameters\":{\"n\":7}}");
	send_message(service, "{\"parameters\":{\"n\":8}}");
	(void)cfs_varlink_begin_call(&client, "a.B");
	cfs_varlink_want_more(&client);
	CHECK_EQ(cfs_varlink_ask(&client, &answer, &err), 0);
	CHECK(answer.continues);
	CHECK(cfs_json_u64(cfs_json_get(&answer.doc, answer.parameters, "n"),
			   &n));
	CHECK_EQ(n, 7);
	CHECK_EQ(cfs_varlink_next_answer(&client, &answer, &err), 0);
	CHECK(!answer.continues);
	CHECK(read(service, sent, sizeof(sent)) > 0);
	CHECK_STR(sent, "{\"method\": \"a.B\", \"parameters\": {}, "
			"\"more\": true}");
}

TEST(what_is_no_reply_is_refused)
{
	static const char *const bad[] = {
		"",
		"[]",
		"1",
		"{",
		"{\"error\":1}",
		"{\"parameters\":[]}",
		"{\"error\":[]}",
		"{} {}",
		"{\"parameters\":\"x\"}",
	};
	char sent[500];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(ask(bad[i]), -EBADMSG);
	/* It ends in the middle, or at once. */
	CHECK_EQ(ask_bytes("{}", 2, sent), -EBADMSG);
	CHECK_EQ(ask_bytes("", 0, sent), -EBADMSG);
}

TEST(an_error_that_has_a_name_beyond_all_measure_is_no_reply)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	cfs_buf_adds(&text, "{\"error\":\"");
	for (int i = 0; i < 128; i++)
		cfs_buf_addc(&text, 'a');
	cfs_buf_adds(&text, "\"}");
	CHECK_EQ(ask(cfs_buf_text(&text)), -EBADMSG);
}

TEST(a_reply_has_many_values_up_to_a_maximum)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client;
	CFS_AUTOFD int service = -EBADF;
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	cfs_buf_adds(&text, "{\"parameters\":{\"a\":[0");
	for (int i = 0; i < 20000; i++)
		cfs_buf_adds(&text, ",0");
	cfs_buf_adds(&text, "]}}");
	start_client(&client, &service);
	send_message(service, cfs_buf_text(&text));
	(void)cfs_varlink_begin_call(&client, "a.B");
	CHECK_EQ(cfs_varlink_ask(&client, &answer, &err), 0);
	CHECK(answer.parameters);
}

/* Returns the code and words of an error. */
static int fail_with(const char *reply)
{
	CHECK_EQ(ask(reply), 0);
	CHECK(answer.is_error);
	return cfs_varlink_answer_fail(&answer, &err);
}

TEST(errors_are_worded)
{
	CHECK_EQ(fail_with("{\"error\":\"x.InternalError\",\"parameters\":"
			   "{\"message\":\"open: no\\nspace\"}}"),
		 -EREMOTEIO);
	CHECK(!strchr(err.msg, '\n'));
	CHECK_EQ(strncmp(err.msg, "open: no", 8), 0);
	CHECK_EQ(
		fail_with(
			"{\"error\":\"org.varlink.service.PermissionDenied\"}"),
		-EACCES);
	CHECK_EQ(fail_with("{\"error\":\"org.composefs.Oci.NoSuchImage\","
			   "\"parameters\":{\"image\":\"os:1\"}}"),
		 -ENOENT);
	CHECK(strstr(err.msg, "no OCI image os:1"));
	CHECK_EQ(fail_with("{\"error\":\"x.Y\",\"continues\":true}"),
		 -EREMOTEIO);
	CHECK(strstr(err.msg, "x.Y") && !answer.continues);
}

TEST(a_repository_is_opened_by_its_handle)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client;
	CFS_AUTOFD int service = -EBADF;

	start_client(&client, &service);
	send_message(service, "{\"parameters\":{\"handle\":3}}");
	send_message(service, "{\"parameters\":{\"handle\":\"3\"}}");
	send_message(service, "{\"error\":\"org.composefs.Repository."
			      "RepoNotFound\",\"parameters\":{}}");
	CHECK_EQ(cfs_varlink_open(&client, "/r", &err), 0);
	CHECK_EQ(client.handle, 3);
	CHECK_EQ(cfs_varlink_open(&client, NULL, &err), -EBADMSG);
	CHECK_EQ(cfs_varlink_open(&client, NULL, &err), -EREMOTEIO);
}

TEST(what_does_not_listen_cannot_be_connected_to)
{
	struct cfs_varlink_client client = CFS_VARLINK_CLIENT_INIT;
	char path[200] = "/";

	memset(path + 1, 'x', 150);
	CHECK_EQ(cfs_varlink_connect(&client, path, &err), -ENAMETOOLONG);
	CHECK_EQ(cfs_varlink_connect(&client, "/nonexistent", &err), -ENOENT);
	CHECK(strstr(err.msg, "/nonexistent"));
	cfs_varlink_client_free(&client);
}

TEST(a_member_that_is_wrong_is_named)
{
	CHECK_EQ(cfs_varlink_wrong_member("handle", &err), -EBADMSG);
	CHECK(strstr(err.msg, "handle"));
}
