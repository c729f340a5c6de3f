/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_NODE_CONTENT_H
#define CFS_REPO_NODE_CONTENT_H

#include "tree/node.h"

/*
 * Appends the content of the regular file @node (no link) of @tree to @ret: that
 * in the tree, or that of its object below @objects (objects/), which is
 * measured or hashed first.
 *
 * Errors: -EFBIG it has more than @max bytes, -ENOENT its object is missing,
 * -EBADMSG its object is damaged, -EINVAL it has no digest, -ENOMEM; worded with
 * the path.
 */
int cfs_node_content(int objects, const struct cfs_tree *tree,
		     const struct cfs_node *node, size_t max,
		     struct cfs_buf *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
