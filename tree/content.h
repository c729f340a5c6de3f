/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The contents of a tree's files, which the tree itself does not have. */
#ifndef CFS_TREE_CONTENT_H
#define CFS_TREE_CONTENT_H

#include "tree/node.h"

/*
 * @read: appends the whole content of the external file @node, which has a
 * digest or a backing path, to @ret.  Returns 0, or negative errno with @err
 * set.
 */
struct cfs_content {
	int (*read)(void *ctx, const struct cfs_tree *tree,
		    const struct cfs_node *node, struct cfs_buf *ret,
		    struct cfs_err *err);
	void *ctx;
};

#endif
