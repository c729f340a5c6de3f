/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl create-dumpfile: a directory as a dumpfile. */
#include <stdio.h>

#include "cfsctl/compute.h"
#include "tree/dump.h"

int cmd_create_dumpfile(const struct cfs_globals *g, int argc, char **argv,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_source source = { 0 };
	struct cfs_computation c;
	const struct cfs_opt opts[] = {
		CFS_SOURCE_OPTIONS(&source),
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_source_operands(&source, argc, argv, 1, err);
	if (r < 0)
		return r;
	cmd_compute_choose(g, &c);
	r = cmd_compute_tree(&c, &source, &tree, err);
	if (r == 0)
		r = cfs_dump_write(tree, &text, err);
	if (r == 0)
		fwrite(text.data, 1, text.len, stdout);
	return r;
}
