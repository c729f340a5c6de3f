/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>

#include "cfsctl/oci/run_options.h"
#include "ops/runtime_spec.h"

struct options {
	struct cmd_run_options run;
	const char *root;
	bool rootless;
};

static const struct cfs_opt options[] = {
	{ .name = "root",
	  .value = "DIR",
	  .help = "where the image is mounted (default: rootfs, beside "
		  "config.json)",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, root) },
	CFS_RUN_OPTIONS(struct options, run),
	{ .name = "rootless",
	  .help = "for a runtime that this user starts, in a user namespace",
	  CFS_OPT_SETS(struct options, rootless) },
	{ 0 },
};

static int print(const struct cfs_call *call,
		 const struct cfs_run_params *params, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_access access = cmd_access(call->g);
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_digest id;
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = cmd_run_image(call, &o->run, &repo, &image, &id, err);
	if (r == 0)
		r = cfs_runtime_spec(
			&(struct cfs_runnable){ .access = &access,
						.repo = &repo,
						.image = &image,
						.erofs = &id,
						.root_fd = -EBADF },
			params, &text, err);
	if (r < 0)
		return r;
	if (fwrite(text.data, 1, text.len, stdout) != text.len)
		return cfs_fail_errno(err, "write");
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOTEXTS struct cfs_texts env = { 0 };
	struct cfs_run_params params;
	int r = cmd_run_params(call, &o->run, &env, &params, err);

	if (r < 0)
		return r;
	params.root = o->root ? o->root : "rootfs";
	params.rootless = o->rootless;
	r = print(call, &params, err);
	if (r < 0 && r != -CFS_EUSAGE)
		return cfs_ctx(err, "runtime-spec %s", call->operand[0]);
	return r;
}

const struct cfs_cmd cmd_oci_runtime_spec = {
	.name = "runtime-spec",
	.help = "print the config.json with which a runtime runs an image",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" },
		      { "-- ARGUMENT", .optional = true, .many = true } },
	.run = run,
};
