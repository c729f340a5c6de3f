/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Contents of files in a tree: those in the tree itself, and those of objects
 * below objects/, compared with their digests. */
#ifndef CFS_REPO_NODE_CONTENT_H
#define CFS_REPO_NODE_CONTENT_H

#include "tree/node.h"

/*
 * Appends the content of the regular file @node of @tree to @ret.  That of an
 * object is hashed as it was read, so nothing else can be returned.
 *
 * Errors: -EFBIG it has more than @max bytes, -ENOENT its object is missing,
 * -EBADMSG its object is damaged, -EINVAL it has no digest, -ENOMEM.
 */
int cfs_node_read(int objects, const struct cfs_tree *tree,
		  const struct cfs_node *node, size_t max, struct cfs_buf *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* cfs_node_read(), whose errors are worded with the path. */
int cfs_node_content(int objects, const struct cfs_tree *tree,
		     const struct cfs_node *node, size_t max,
		     struct cfs_buf *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
