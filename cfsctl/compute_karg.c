/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl compute-karg: the kernel argument that would boot a directory. */
#include <stdio.h>

#include "boot/kargs.h"
#include "cfsctl/compute.h"

static int compute(const struct cfs_globals *g, const struct cfs_source *source,
		   struct cfs_karg *karg, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_computation c;
	int r;

	cmd_compute_choose(g, &c);
	/* Formats 0 and 1 are one layout to whoever boots them. */
	karg->version = c.format == 2 ? 2 : 1;
	r = cmd_compute_tree(&c, source, &tree, err);
	return r < 0 ? r : cmd_compute_digest(&c, tree, &karg->digest, err);
}

int cmd_compute_karg(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err)
{
	struct cfs_source source = { .bootable = true };
	struct cfs_karg karg = { .insecure = g->insecure };
	char text[CFS_KARG_TEXT_MAX];
	const struct cfs_opt opts[] = {
		{ .name = "no-propagate-usr-to-root", .flag = &source.as_is },
		{ .name = "xattrs", .text = &source.xattrs },
		{ .name = "threads", .text = &source.threads_text },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_source_operands(&source, argc, argv, 1, err);
	if (r >= 0)
		r = compute(g, &source, &karg, err);
	if (r < 0)
		return r;
	cfs_karg_format(&karg, text);
	puts(text);
	return 0;
}
