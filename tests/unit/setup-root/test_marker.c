/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/marker.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/json.h"
#include "tests/test.h"

static struct cfs_err err;

static const struct cfs_marker full = {
	.digest = "ab12",
	.algorithm = "sha512",
	.format = "v2",
	.karg = "composefs.digest=v2-sha512-12:ab12",
	.verity = true,
	.image_backend = "loop:/dev/loop3",
	.layer_api = "fd",
	.root = "image",
	.etc = "overlay",
	.var = "bind",
	.sysroot_readonly = true,
	.state_dir = "state/deploy/ab12",
	.preflight = "ok",
	.elapsed_us = 14321,
	.n_candidates = 2,
	.candidates = { { "ff00", "absent" }, { "ab12", "booted" } },
	.n_certs = 1,
	.certs = { { "/keys.d/a\"b.pem", 1234 } },
};

static const struct cfs_json_node *get(const struct cfs_json *doc,
				       const char *name)
{
	return cfs_json_get(doc, doc->nodes, name);
}

TEST(the_marker_is_json_with_every_member)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_node nodes[128];
	const struct cfs_json_node *item;
	struct cfs_json doc;
	uint64_t n;

	cfs_marker_json(&full, &buf);
	CHECK(cfs_buf_check(&buf, &err) == 0);
	CHECK(buf.data[buf.len - 1] == '\n');
	CHECK(cfs_json_parse(cfs_buf_bytes(&buf), nodes, 128, &doc, &err) == 0);
	CHECK(cfs_json_is(get(&doc, "digest"), "ab12"));
	CHECK(cfs_json_is(get(&doc, "verity"), "require"));
	CHECK(cfs_json_is(get(&doc, "image_backend"), "loop:/dev/loop3"));
	CHECK(get(&doc, "insecure")->kind == CFS_JSON_FALSE);
	CHECK(get(&doc, "sysroot_readonly")->kind == CFS_JSON_TRUE);
	CHECK(get(&doc, "signature")->kind == CFS_JSON_NULL);
	CHECK(cfs_json_u64(get(&doc, "elapsed_us"), &n) && n == 14321);
	item = cfs_json_first(&doc, get(&doc, "candidates"));
	CHECK(cfs_json_is(cfs_json_get(&doc, item, "result"), "absent"));
	item = cfs_json_next(&doc, get(&doc, "candidates"), item);
	CHECK(cfs_json_is(cfs_json_get(&doc, item, "digest"), "ab12"));
	item = cfs_json_first(&doc, get(&doc, "certs"));
	CHECK(cfs_json_u64(cfs_json_get(&doc, item, "key"), &n) && n == 1234);
	CHECK(cfs_json_is(get(&doc, "version"), CFS_VERSION));
}

TEST(the_file_replaces_an_older_one_whole)
{
	char dir[4096];
	CFS_AUTOFD int root = -EBADF;
	struct stat st;

	snprintf(dir, sizeof(dir), "%s/marker-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	CHECK(cfs_marker_write(&full, root, &err) == 0);
	CHECK(cfs_marker_write(&full, root, &err) == 0);
	CHECK(fstatat(root, "run/composefs/booted", &st, 0) == 0);
	CHECK(S_ISREG(st.st_mode) && st.st_size > 100);
	CHECK(cfs_name_exists(root, "run/composefs/.booted.new") == 0);
}

TEST(a_marker_that_cannot_be_written_is_an_error)
{
	char dir[4096];
	CFS_AUTOFD int root = -EBADF;

	snprintf(dir, sizeof(dir), "%s/marker-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0 && symlinkat(getenv("TMPDIR"), root, "run") == 0);
	CHECK(cfs_marker_write(&full, root, &err) == -ELOOP);
	CHECK(strstr(err.msg, "write /run/composefs/booted"));
}
