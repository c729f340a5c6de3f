/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/service.h"

#include "tests/unit/varlink/calls.h"

TEST(what_does_not_exist_is_named)
{
	static const char *const methods[] = {
		"org.composefs.Repository.Nothing",
		"org.composefs.Repository.",
		"org.composefs.Repository",
		"org.composefs.Repositor.Fsck",
		"org.composefs.Repository.Fsc",
		"org.nothing.Fsck",
		"Fsck",
		"",
	};
	char text[200], want[200];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(methods); i++) {
		snprintf(text, sizeof(text), "{'method':'%s'}", methods[i]);
		snprintf(want, sizeof(want),
			 "{'error': 'org.varlink.service.MethodNotFound', "
			 "'parameters': {'method': '%s'}}",
			 methods[i]);
		CHECK_STR(call(text), want);
	}
}

TEST(a_wrong_parameter_is_named)
{
	CHECK_STR(call_repository("Fsck", "'handle':'1'"),
		  "{'error': 'org.varlink.service.InvalidParameter', "
		  "'parameters': {'parameter': 'handle'}}");
	CHECK_STR(call_repository("Gc", "'handle':1,'dry_run':true"),
		  "{'error': 'org.varlink.service.InvalidParameter', "
		  "'parameters': {'parameter': 'roots'}}");
}

TEST(a_handle_that_is_not_open_is_an_error_of_the_interface)
{
	CHECK_STR(call_repository("Fsck", "'handle':5"),
		  "{'error': 'org.composefs.Repository.InvalidHandle', "
		  "'parameters': {'handle': 5}}");
}

TEST(who_wants_no_reply_gets_none)
{
	CHECK_EQ(dispatch("{'method':'org.varlink.service.GetInfo',"
			  "'oneway':true}",
			  NULL, 0),
		 0);
	CHECK_EQ(last.text.len, 0);
}

TEST(no_method_changes_the_protocol)
{
	CHECK(strstr(call("{'method':'org.varlink.service.GetInfo',"
			  "'upgrade':true}"),
		     "org.varlink.service.MethodNotImplemented"));
}

TEST(a_method_with_one_reply_may_be_called_for_more)
{
	CHECK(strstr(call("{'method':'org.varlink.service.GetInfo',"
			  "'more':true}"),
		     "'product'"));
}

TEST(a_stranger_may_only_ask_what_the_service_is)
{
	service.peer.stranger = true;
	CHECK(strstr(call("{'method':'org.varlink.service.GetInfo'}"),
		     "'product'"));
	CHECK_STR(call_repository("OpenRepository", "'path':'/'"),
		  "{'error': 'org.varlink.service.PermissionDenied', "
		  "'parameters': {}}");
	CHECK_STR(call_repository("Fsck", ""),
		  "{'error': 'org.varlink.service.PermissionDenied', "
		  "'parameters': {}}");
	service.peer.stranger = false;
}

TEST(what_is_no_call_ends_the_connection)
{
	static const char *const bad[] = {
		"", "x", "{", "[]", "{}", "{'method':1}", "{'method':'a'}}",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(dispatch(bad[i], NULL, 0), -EBADMSG);
}

/* A call with @n values, and one more. */
static int with_values(unsigned n)
{
	static const char head[] =
		"{\"method\":\"org.varlink.service.GetInfo\","
		"\"parameters\":{\"x\":[0";
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_varlink_message message = { 0 };
	struct cfs_err e;

	cfs_buf_adds(&text, head);
	while (n-- > 0)
		cfs_buf_adds(&text, ",0");
	cfs_buf_adds(&text, "]}}");
	message.text = cfs_buf_bytes(&text);
	cfs_varlink_call_free(&last);
	last = (struct cfs_varlink_call){ 0 };
	return cfs_varlink_dispatch(&service, &message, &last, &e);
}

TEST(a_message_has_values_up_to_the_maximum)
{
	/* The object and its members are values too. */
	CHECK_EQ(with_values(CFS_VARLINK_VALUES_MAX - 9), 0);
	CHECK_EQ(with_values(CFS_VARLINK_VALUES_MAX - 8 + 1), -E2BIG);
}

TEST(nesting_has_a_maximum)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	cfs_buf_adds(&text, "{'method':'a','x':");
	for (unsigned i = 0; i < CFS_VARLINK_DEPTH_MAX; i++)
		cfs_buf_addc(&text, '[');
	for (unsigned i = 0; i < CFS_VARLINK_DEPTH_MAX; i++)
		cfs_buf_addc(&text, ']');
	cfs_buf_addc(&text, '}');
	CHECK_EQ(dispatch(cfs_buf_text(&text), NULL, 0), -EBADMSG);
}

TEST(a_method_that_ends_with_its_client_does_not_begin_without_it)
{
	service.client_gone = true;
	CHECK(strstr(call("{'method':'org.varlink.service.GetInfo'}"),
		     "'product'"));
	CHECK_EQ(dispatch("{'method':'org.composefs.Repository.Fsck',"
			  "'parameters':{'handle':1}}",
			  NULL, 0),
		 -ECANCELED);
	service.client_gone = false;
	cfs_varlink_service_free(&service);
	cfs_varlink_call_free(&last);
}
