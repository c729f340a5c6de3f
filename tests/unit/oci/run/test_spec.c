/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/spec.h"

#include <errno.h>

#include "base/json.h"
#include "tests/test.h"

static struct cfs_err err;

/* What is written, or NULL if that fails. */
static char *written(const struct cfs_run_spec *spec, struct cfs_buf *buf)
{
	struct cfs_json_writer w = { .buf = buf };

	if (cfs_run_spec_write(spec, &w, &err) < 0)
		return NULL;
	CHECK_EQ(cfs_json_write_finish(&w, &err), 0);
	return cfs_buf_text(buf);
}

TEST(the_document_parses_and_follows_the_user)
{
	static const char *const args[] = { "a \"b\"" };
	CFS_AUTOBUF struct cfs_buf root = { 0 }, user = { 0 };
	struct cfs_run_params p = { .root = "rootfs",
				    .args = args,
				    .n_args = 1 };
	struct cfs_run_config c = { .cwd = "/" };
	struct cfs_account a = { 0 };
	struct cfs_run_spec spec = { &p, &c, &a, "host", 0 };
	struct cfs_json_node nodes[512];
	struct cfs_json json;
	const struct cfs_json_node *process, *caps;
	char *text = written(&spec, &root);

	CHECK(text);
	CHECK_EQ(cfs_json_parse(cfs_buf_bytes(&root), nodes, 512, &json, &err),
		 0);
	process = cfs_json_get(&json, json.nodes, "process");
	caps = cfs_json_get(&json, process, "capabilities");
	CHECK(cfs_json_first(&json, cfs_json_get(&json, caps, "effective")));
	CHECK(!strstr(text, "annotations") && !strstr(text, "\"user\"\n"));
	CHECK(strstr(text, "\"keyctl\""));
	a.uid = 7;
	CHECK(written(&spec, &user));
	CHECK_EQ(cfs_json_parse(cfs_buf_bytes(&user), nodes, 512, &json, &err),
		 0);
	process = cfs_json_get(&json, json.nodes, "process");
	caps = cfs_json_get(&json, process, "capabilities");
	CHECK(!cfs_json_first(&json, cfs_json_get(&json, caps, "effective")));
	CHECK(cfs_json_first(&json, cfs_json_get(&json, caps, "bounding")));
}

TEST(nothing_to_start_is_an_error)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_run_params p = { .root = "r" };
	struct cfs_run_config c = { .cwd = "/" };
	struct cfs_account a = { 0 };
	struct cfs_run_spec spec = { &p, &c, &a, "host", 0 };
	struct cfs_json_writer w = { .buf = &buf };

	CHECK_EQ(cfs_run_spec_write(&spec, &w, &err), -EINVAL);
}

TEST(without_root_there_is_one_user)
{
	static const char *const args[] = { "a" };
	CFS_AUTOBUF struct cfs_buf a_text = { 0 }, b_text = { 0 };
	struct cfs_run_params p = { .root = "r",
				    .args = args,
				    .n_args = 1,
				    .rootless = true,
				    .uid = 1234,
				    .gid = 56 };
	struct cfs_run_config c = { .cwd = "/" };
	struct cfs_account a = { 0 };
	struct cfs_run_spec spec = { &p, &c, &a, "host", 0 };
	char *text = written(&spec, &a_text);

	CHECK(text && strstr(text, "\"hostID\": 1234"));
	CHECK(strstr(text, "\"hostID\": 56") && !strstr(text, "gid=5"));
	CHECK(!strstr(text, "/sys/fs/cgroup"));
	a.gid = 1;
	CHECK(!written(&spec, &b_text));
	CHECK_EQ(err.code, EINVAL);
}

TEST(in_a_user_namespace_that_exists_its_users_and_groups_do)
{
	CFS_AUTOBUF struct cfs_buf a_text = { 0 }, b_text = { 0 };
	static const char *const args[] = { "x" };
	uint32_t groups[] = { 30, 1001 };
	struct cfs_run_params p = { .root = "rootfs",
				    .args = args,
				    .n_args = 1,
				    .rootless = true,
				    .namespace_ids = 1001 };
	struct cfs_run_config c = { .cwd = "/" };
	struct cfs_account a = { .uid = 1000, .gid = 1000 };
	struct cfs_run_spec spec = { &p, &c, &a, "host", 0 };
	char *text;

	a.groups.v = groups;
	a.groups.n = 2;
	text = written(&spec, &a_text);
	CHECK(text && strstr(text, "\"additionalGids\": [30]"));
	CHECK(!strstr(text, "hostID") && !strstr(text, "\"type\": \"user\"") &&
	      !strstr(text, "/sys/fs/cgroup"));
	a.gid = 1001;
	CHECK(!written(&spec, &b_text));
	CHECK(strstr(err.msg, "up to 1000"));
}
