/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/inline_programs.h"

#include "tree/small_objects.h"

int cfs_inline_programs(const struct cfs_tree *tree,
			int (*found)(void *arg,
				     const struct cfs_inline_program *program,
				     struct cfs_err *err),
			void *arg, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	struct cfs_node *node = NULL;

	while ((node = cfs_node_walk(tree->root, node))) {
		struct cfs_inline_program program;
		int r;

		if (!cfs_inode_is_small_program(cfs_node_inode(node)))
			continue;
		path.len = 0;
		cfs_node_path(node, &path);
		program.path = cfs_buf_text(&path);
		program.size = cfs_node_inode(node)->size;
		if (!program.path)
			return cfs_buf_check(&path, err);
		r = found(arg, &program, err);
		if (r < 0)
			return r;
	}
	return 0;
}
