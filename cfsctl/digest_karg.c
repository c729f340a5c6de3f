/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl composefs-digest-karg: the kernel arguments that boot images. */
#include <stdio.h>

#include "boot/kargs.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/image_version.h"
#include "repo/ref.h"

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

int cmd_digest_karg(const struct cfs_globals *g, int argc, char **argv,
		    struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	bool insecure = g->insecure;
	const struct cfs_opt opts[] = {
		{ .name = "insecure", .flag = &insecure },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, CFS_KARGS_MAX, err);
	if (r == 0)
		r = cmd_open_repo(g, &repo, err);
	for (int i = 1; r == 0 && i < argc; i++)
		r = print_karg(g, &repo, argv[i], insecure, err);
	return r;
}
