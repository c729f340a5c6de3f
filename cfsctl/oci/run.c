/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci run: a container of an image, in the foreground. */
#include <stdio.h>

#include "cfsctl/oci/run_options.h"
#include "ops/container.h"

struct options {
	struct cmd_run_options run;
	const char *runtime, *overlay;
	bool rootless;
};

static const struct cfs_opt options[] = {
	CFS_RUN_OPTIONS(struct options, run),
	{ .name = "overlay",
	  .value = "DIR",
	  .help = "keep changes in upper and work of this directory (default: "
		  "in memory, until the container ends)",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, overlay) },
	{ .name = "runtime",
	  .value = "PROGRAM",
	  .help = "what runs the container (default: crun, or else runc)",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, runtime) },
	{ .name = "rootless",
	  .help = "as this user, in a user namespace, with the image mounted "
		  "by FUSE",
	  CFS_OPT_SETS(struct options, rootless) },
	{ 0 },
};

static void report(const char *line)
{
	fprintf(stderr, "cfsctl: %s\n", line);
}

static int start(const struct cfs_call *call,
		 const struct cfs_run_params *params, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_access access = cmd_access(call->g);
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_container_user user;
	struct cfs_digest id;
	struct cfs_container container = {
		.image = { &access, &repo, &image, &id, -EBADF },
		.repo = &repo,
		.params = params,
		.user = o->rootless ? &user : NULL,
		.report = report,
		.runtime = o->runtime,
		.overlay = o->overlay,
	};
	int r = cfs_run_params_check(params, err);

	if (r == 0)
		r = o->rootless ? cfs_container_enter_user(&user, err)
				: cfs_container_enter(err);
	if (r == 0)
		r = cmd_open_repo(call->g, &repo, err);
	if (r == 0)
		r = cmd_run_image(call, &o->run, &repo, &image, &id, err);
	if (r == 0)
		r = cmd_demands_verity(call->g, &repo, err);
	if (r < 0)
		return r;
	container.verity = r > 0;
	return cfs_container_run(&container, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOTEXTS struct cfs_texts env = { 0 };
	struct cfs_run_params params;
	int r = cmd_run_params(call, &o->run, &env, &params, err);

	if (r < 0)
		return r;
	r = start(call, &params, err);
	return r == -CFS_EUSAGE ? r : cfs_ctx(err, "run %s", call->operand[0]);
}

const struct cfs_cmd cmd_oci_run = {
	.name = "run",
	.help = "run an image as a container, in the foreground",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" },
		      { "-- ARGUMENT", .optional = true, .many = true } },
	.run = run,
};
