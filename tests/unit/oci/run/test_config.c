/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/config.h"

#include <errno.h>

#include "base/buf.h"
#include "tests/test.h"

static struct cfs_err err;

static int parse(const char *text, struct cfs_run_config *ret)
{
	return cfs_run_config_parse(
		(struct cfs_bytes){ (const uint8_t *)text, strlen(text) }, ret,
		&err);
}

TEST(what_describes_the_process_is_read)
{
	CFS_AUTORUNCONFIG struct cfs_run_config c = { 0 };

	CHECK_EQ(parse("{\"config\":{\"User\":\"u:g\",\"WorkingDir\":\"/w\","
		       "\"Entrypoint\":[\"e\",\"\\u0041\"],\"Cmd\":[\"\"],"
		       "\"Env\":[\"A=1\",\"A=2\"],\"StopSignal\":\"9\","
		       "\"Labels\":{\"k\":\"v\",\"\":\"x\",\"a=b\":\"x\"}}}",
		       &c),
		 0);
	CHECK_STR(c.user, "u:g");
	CHECK_STR(c.cwd, "/w");
	CHECK_STR(c.stop_signal, "9");
	CHECK_EQ(c.entrypoint.n, 2);
	CHECK_STR(c.entrypoint.v[1], "A");
	CHECK_EQ(c.cmd.n, 1);
	CHECK_EQ(c.env.n, 1);
	CHECK_STR(c.env.v[0], "A=2");
	CHECK_EQ(c.labels.n, 1);
	CHECK_STR(c.labels.v[0], "k=v");
}

TEST(nothing_is_fine_and_begins_at_the_root)
{
	CFS_AUTORUNCONFIG struct cfs_run_config a = { 0 }, b = { 0 };

	CHECK_EQ(parse("{}", &a), 0);
	CHECK_STR(a.cwd, "/");
	CHECK_EQ(parse("{\"config\":{\"Cmd\":null,\"WorkingDir\":\"\"}}", &b),
		 0);
	CHECK_STR(b.cwd, "/");
	CHECK_EQ(b.cmd.n, 0);
}

TEST(other_types_are_refused)
{
	static const char *const bad[] = {
		"{\"config\":[]}",
		"{\"config\":{\"Cmd\":\"x\"}}",
		"{\"config\":{\"Cmd\":[1]}}",
		"{\"config\":{\"Cmd\":[[\"x\"]]}}",
		"{\"config\":{\"Env\":[\"A\"]}}",
		"{\"config\":{\"User\":0}}",
		"{\"config\":{\"WorkingDir\":\"w\"}}",
		"{\"config\":{\"Labels\":{\"a\":1}}}",
		"[]",
	};
	struct cfs_run_config c = { .user = "before" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(parse(bad[i], &c), -EINVAL);
	CHECK_STR(c.user, "before");
}

TEST(lists_have_a_maximum)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_run_config c = { 0 };

	cfs_buf_adds(&text, "{\"config\":{\"Cmd\":[\"\"");
	for (int i = 1; i < CFS_RUN_LIST_MAX; i++)
		cfs_buf_adds(&text, ",\"\"");
	cfs_buf_adds(&text, "]}}");
	CHECK_EQ(parse(cfs_buf_text(&text), &c), 0);
	cfs_run_config_free(&c);
	text.len -= 3;
	cfs_buf_adds(&text, ",\"\"]}}");
	CHECK_EQ(parse(cfs_buf_text(&text), &c), -EFBIG);
}
