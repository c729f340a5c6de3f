/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/fuse.h"

struct options {
	struct cmd_fuse_options fuse;
};

static const struct cfs_opt options[] = {
	{ .name = "foreground",
	  .help = "do not go into the background",
	  CFS_OPT_SETS(struct options, fuse.foreground) },
	{ .name = "no-verify",
	  .help = "do not verify objects when they are first read",
	  CFS_OPT_SETS(struct options, fuse.no_verify) },
	{ .name = "mode",
	  .value = "MODE",
	  .help = "auto (default), passthrough, overlay or plain",
	  .choices = cmd_fuse_modes,
	  CFS_OPT_PARSES(struct options, fuse.mode, cmd_parse_fuse_mode) },
	{ .name = "verbose",
	  .letter = 'v',
	  .help = "print which mode was chosen",
	  CFS_OPT_SETS(struct options, fuse.verbose) },
	{ 0 },
};

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cmd_fuse_mount mount = {
		.name = call->operand[0],
		.where = call->operand[1],
		.upper = -EBADF,
		.work = -EBADF,
		.o = o->fuse,
	};
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = cmd_find_image(&repo, mount.name, &mount.id, err);
	if (r == 0)
		r = cmd_fuse_start(call->g, &repo, &mount, err);
	return r < 0 ? cfs_ctx(err, "fuse-serve %s", mount.name) : 0;
}

const struct cfs_cmd cmd_fuse_serve = {
	.name = "fuse-serve",
	.help = "mount an image by FUSE, also without root",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE },
		      { "MOUNTPOINT", CFS_TAKES_DIR } },
	.run = run,
};
