/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl create-dumpfile: a directory as a dumpfile. */
#include <stdio.h>

#include "cfsctl/compute.h"
#include "tree/dump/dump.h"

struct options {
	struct cfs_tree_source source;
};

static const struct cfs_opt options[] = {
	CFS_SOURCE_OPTIONS(struct options, source),
	{ 0 },
};

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	const struct options *o = call->options;
	struct cfs_tree_source source = o->source;
	struct cfs_computation c;
	int r;

	(void)cmd_source_operand(&source, call);
	cmd_compute_choose(call->g, &c);
	r = cmd_compute_tree(&c, &source, &tree, err);
	if (r == 0)
		r = cfs_dump_write(tree, &text, err);
	if (r == 0)
		fwrite(text.data, 1, text.len, stdout);
	return r;
}

const struct cfs_cmd cmd_create_dumpfile = {
	.name = "create-dumpfile",
	.help = "print a directory as a dumpfile",
	.options = options,
	.size = sizeof(struct options),
	.operands = { CFS_SOURCE_OPERAND },
	.run = run,
	.allows_no_repo = true,
};
