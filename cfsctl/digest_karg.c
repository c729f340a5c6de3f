/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl composefs-digest-karg: the kernel arguments that boot images. */
#include <stdio.h>

#include "boot/kargs.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/image_version.h"
#include "repo/ref.h"

struct options {
	bool insecure;
};

static const struct cfs_opt options[] = {
	{ .name = "insecure",
	  .help = "let it boot without fs-verity",
	  CFS_OPT_SETS(struct options, insecure) },
	{ 0 },
};

static int print_karg(const struct cfs_globals *g, const struct cfs_repo *repo,
		      const char *name, bool insecure, struct cfs_err *err)
{
	struct cfs_karg karg = { .insecure = insecure };
	char text[CFS_KARG_TEXT_MAX];
	CFS_AUTOFD int fd = -EBADF;
	int secure, r;

	secure = cmd_demands_verity(g, repo, err);
	if (secure < 0)
		return secure;
	r = cmd_find_image(repo, name, &karg.digest, err);
	if (r == 0)
		r = cfs_image_open(repo, &karg.digest, secure > 0, &fd, err);
	if (r >= 0)
		r = cmd_image_version(fd, &karg.version, err);
	if (r < 0)
		return r;
	/* Versions 0 and 1 are one layout to whoever boots them. */
	if (karg.version == 0)
		karg.version = 1;
	cfs_karg_format(&karg, text);
	puts(text);
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	bool insecure = o->insecure || call->g->insecure;
	int r;

	if (call->n > CFS_KARGS_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"too many images (%d; at most %d)", call->n,
				CFS_KARGS_MAX);
	r = cmd_open_repo(call->g, &repo, err);
	for (int i = 0; r == 0 && i < call->n; i++)
		r = print_karg(call->g, &repo, call->operand[i], insecure, err);
	return r;
}

const struct cfs_cmd cmd_digest_karg = {
	.name = "composefs-digest-karg",
	.help = "print the kernel arguments that boot images",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE, .many = true } },
	.run = run,
};
