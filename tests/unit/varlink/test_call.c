/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/call.h"

#include "tests/test.h"

static struct cfs_err err;
static struct cfs_json_node nodes[64];
static struct cfs_json doc;

static const struct cfs_varlink_parameter rows[] = {
	{ "n", CFS_VARLINK_INT },
	{ "text", CFS_VARLINK_STRING, .optional = true },
	{ "list", CFS_VARLINK_STRINGS, .optional = true },
	{ "options", CFS_VARLINK_OBJECT, .optional = true },
	{ "yes", CFS_VARLINK_BOOL, .optional = true, .in = "options" },
	{ 0 },
};

static void parse(const char *text)
{
	CHECK_EQ(cfs_json_parse((struct cfs_bytes){ (const uint8_t *)text,
						    strlen(text) },
				nodes, CFS_ARRAY_SIZE(nodes), &doc, &err),
		 0);
}

/* Returns the parameter of @text that is wrong by @with, or NULL. */
static const char *read_with(const struct cfs_varlink_parameter *with,
			     const char *text, struct cfs_varlink_call *call)
{
	bool no_memory = false;
	const char *wrong;

	parse(text);
	wrong = cfs_varlink_parameters(&doc, doc.nodes, with, call, &no_memory);
	CHECK(!no_memory);
	return wrong;
}

/* Returns the parameter of @text that is wrong, or NULL. */
static const char *read_by_rows(const char *text, struct cfs_varlink_call *call)
{
	return read_with(rows, text, call);
}

static const char *wrong_of(const char *text)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };

	return read_by_rows(text, &call);
}

TEST(parameters_are_read_by_their_rows)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };

	CHECK_STR(read_by_rows("{\"options\":{\"yes\":true,\"no\":1},\"n\":7,"
			       "\"text\":\"a\\u00e9\",\"list\":[\"x\",\"\"],"
			       "\"unknown\":[]}",
			       &call),
		  NULL);
	CHECK_EQ(call.value[0].number, 7);
	CHECK_STR(call.value[1].text, "a\xc3\xa9");
	CHECK_EQ(call.value[2].texts.n, 2);
	CHECK_STR(call.value[2].texts.v[0], "x");
	CHECK(call.value[3].given && call.value[4].given && call.value[4].yes);
}

TEST(what_is_optional_can_be_missing_or_null)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };

	CHECK_STR(read_by_rows("{\"n\":9223372036854775807,\"text\":null}",
			       &call),
		  NULL);
	CHECK_EQ(call.value[0].number, INT64_MAX);
	CHECK(!call.value[1].given && !call.value[3].given &&
	      !call.value[4].given);
}

TEST(the_first_parameter_that_is_wrong_is_named)
{
	CHECK_STR(wrong_of("{}"), "n");
	CHECK_STR(wrong_of("{\"n\":null}"), "n");
	CHECK_STR(wrong_of("{\"n\":-1}"), "n");
	CHECK_STR(wrong_of("{\"n\":1.5}"), "n");
	CHECK_STR(wrong_of("{\"n\":\"1\"}"), "n");
	CHECK_STR(wrong_of("{\"n\":9223372036854775808}"), "n");
	CHECK_STR(wrong_of("{\"n\":1,\"text\":true}"), "text");
	CHECK_STR(wrong_of("{\"n\":1,\"list\":\"x\"}"), "list");
	CHECK_STR(wrong_of("{\"n\":1,\"list\":[\"x\",1]}"), "list");
	CHECK_STR(wrong_of("{\"n\":1,\"options\":[]}"), "options");
	CHECK_STR(wrong_of("{\"n\":1,\"options\":{\"yes\":0}}"), "yes");
}

static const struct cfs_varlink_parameter pairs[] = {
	{ "list", CFS_VARLINK_OBJECTS },
	{ "a", CFS_VARLINK_STRING, .in = "list" },
	{ "b", CFS_VARLINK_STRING, .in = "list" },
	{ 0 },
};

TEST(members_of_objects_are_read_side_by_side)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };

	CHECK_STR(read_with(pairs,
			    "{\"list\":[{\"a\":\"1\",\"b\":\"2\",\"c\":3},"
			    "{\"b\":\"4\",\"a\":\"3\"}]}",
			    &call),
		  NULL);
	CHECK_EQ(call.value[1].texts.n, 2);
	CHECK_EQ(call.value[2].texts.n, 2);
	CHECK_STR(call.value[1].texts.v[1], "3");
	CHECK_STR(call.value[2].texts.v[1], "4");
}

TEST(a_member_that_one_of_the_objects_lacks_is_named)
{
	static const char *const bad[][2] = {
		{ "{}", "list" },
		{ "{\"list\":null}", "list" },
		{ "{\"list\":{\"a\":\"1\",\"b\":\"2\"}}", "list" },
		{ "{\"list\":[{\"a\":\"1\"}]}", "b" },
		{ "{\"list\":[{\"a\":\"1\",\"b\":2}]}", "b" },
		{ "{\"list\":[\"x\"]}", "a" },
		{ "{\"list\":[{\"a\":\"1\",\"b\":\"2\"},null]}", "a" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };

		CHECK_STR(read_with(pairs, bad[i][0], &call), bad[i][1]);
	}
}

TEST(a_name_of_an_enum_is_one_of_those_that_exist)
{
	static const struct cfs_varlink_parameter xattrs[] = {
		{ "x", CFS_VARLINK_XATTRS, .optional = true },
		{ 0 },
	};
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };

	CHECK_STR(read_with(xattrs, "{\"x\":\"KeepUserXattrs\"}", &call), NULL);
	CHECK_EQ(call.value[0].number, 1);
	CHECK_STR(read_with(xattrs, "{\"x\":\"AllowlistOnly\"}", &call), NULL);
	CHECK_EQ(call.value[0].number, 0);
	CHECK_STR(read_with(xattrs, "{\"x\":\"keepuserxattrs\"}", &call), "x");
	CHECK_STR(read_with(xattrs, "{\"x\":1}", &call), "x");
	CHECK_STR(read_with(xattrs, "{}", &call), NULL);
}

TEST(a_call_without_parameters_lacks_those_that_are_needed)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };
	bool no_memory = false;

	CHECK_STR(cfs_varlink_parameters(&doc, NULL, rows, &call, &no_memory),
		  "n");
	CHECK_STR(cfs_varlink_parameters(&doc, NULL, NULL, &call, &no_memory),
		  NULL);
}

TEST(a_request_has_a_method_and_flags)
{
	CFS_AUTOREQUEST struct cfs_varlink_request request = { 0 };

	parse("{\"method\":\"a.B\",\"more\":true,\"oneway\":false,\"x\":1,"
	      "\"upgrade\":null,\"parameters\":{}}");
	CHECK_EQ(cfs_varlink_request_read(&doc, &request, &err), 0);
	CHECK_STR(request.method, "a.B");
	CHECK(request.more && !request.oneway && !request.upgrade);
	CHECK(request.parameters);
}

TEST(what_is_no_request_is_refused)
{
	static const char *const bad[] = {
		"{}",
		"[]",
		"1",
		"{\"method\":1}",
		"{\"method\":null}",
		"{\"method\":\"a.B\",\"parameters\":[]}",
		"{\"method\":\"a.B\",\"more\":1}",
		"{\"method\":\"a.B\",\"oneway\":\"x\"}",
	};
	struct cfs_varlink_request request;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		parse(bad[i]);
		CHECK_EQ(cfs_varlink_request_read(&doc, &request, &err),
			 -EBADMSG);
	}
}

TEST(a_reply_ends_with_a_nul)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };

	cfs_varlink_reply(&call);
	cfs_json_write_u64(&call.reply, "a", 1);
	CHECK_EQ(cfs_varlink_reply_finish(&call, &err), 0);
	CHECK_STR((char *)call.text.data, "{\"parameters\": {\"a\": 1}}");
	CHECK_EQ(call.text.len, strlen((char *)call.text.data) + 1);
}

TEST(an_error_takes_the_place_of_what_was_written)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = {
		.interface = "org.example",
		.fds_back = { dup(0) },
		.n_fds_back = 1,
	};

	cfs_varlink_reply(&call);
	cfs_json_write_array(&call.reply, "a", CFS_JSON_ONE_LINE);
	CHECK_EQ(cfs_varlink_refuse_text(&call, "Wrong", "why", "\"x\""), 0);
	CHECK_EQ(cfs_varlink_reply_finish(&call, &err), 0);
	CHECK_STR((char *)call.text.data,
		  "{\"error\": \"org.example.Wrong\", \"parameters\": "
		  "{\"why\": \"\\\"x\\\"\"}}");
	CHECK_EQ(call.n_fds_back, 0);
	cfs_varlink_refuse(&call, CFS_VARLINK_PERMISSION_DENIED);
	CHECK_EQ(cfs_varlink_reply_finish(&call, &err), 0);
	CHECK_STR((char *)call.text.data,
		  "{\"error\": \"org.varlink.service.PermissionDenied\", "
		  "\"parameters\": {}}");
}
