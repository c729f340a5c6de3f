/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl composefs-digest-karg: the kernel arguments that boot images. */
#include "boot/kargs.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/karg.h"
#include "ops/image_version.h"
#include "ops/whole.h"
#include "repo/ref.h"

struct options {
	bool insecure, json;
};

static const struct cfs_opt options[] = {
	{ .name = "insecure",
	  .help = "let it boot without fs-verity",
	  CFS_OPT_SETS(struct options, insecure) },
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

static int find_karg(const struct cfs_globals *g, const struct cfs_repo *repo,
		     const char *name, struct cfs_karg *karg,
		     struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int secure, r;

	secure = cmd_demands_verity(g, repo, err);
	if (secure < 0)
		return secure;
	r = cmd_find_image(repo, name, &karg->digest, err);
	if (r == 0)
		r = cfs_image_open(repo, &karg->digest, secure > 0, &fd, err);
	if (r >= 0)
		r = cfs_image_version(fd, &karg->version, err);
	if (r >= 0)
		r = cfs_require_whole(repo, &karg->digest, name, err);
	if (r < 0)
		return r;
	/* Formats 0 and 1 are one layout at boot. */
	if (karg->version == 0)
		karg->version = 1;
	return 0;
}

/* With @w the arguments go there. */
static int print_kargs(const struct cfs_call *call, struct cfs_json_writer *w,
		       struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_karg karg = { .insecure = o->insecure || call->g->insecure };
	int r = cmd_open_repo(call->g, &repo, err);

	for (int i = 0; r == 0 && i < call->n; i++) {
		r = find_karg(call->g, &repo, call->operand[i], &karg, err);
		if (r == 0)
			cmd_karg_print(&karg, call->operand[i], w);
	}
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	int r;

	if (call->n > CFS_KARGS_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"too many images (%d; at most %d)", call->n,
				CFS_KARGS_MAX);
	if (!o->json)
		return print_kargs(call, NULL, err);
	cmd_karg_begin(&w);
	r = print_kargs(call, &w, err);
	return r < 0 ? r : cmd_karg_end(&w, err);
}

const struct cfs_cmd cmd_digest_karg = {
	.name = "composefs-digest-karg",
	.help = "print the kernel arguments that boot images",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE, .many = true } },
	.run = run,
};
