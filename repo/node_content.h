/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Contents of files in a tree: those in the tree itself, and those of objects
 * below objects/, compared with their digests. */
#ifndef CFS_REPO_NODE_CONTENT_H
#define CFS_REPO_NODE_CONTENT_H

#include "tree/node.h"

/*
 * Which object does the external file @node of @tree need?  overlayfs opens
 * what its backing path names and compares it with its digest: the two have to
 * be of one object, which is of @alg.
 *
 * Returns 1 with *@ret, whose unused bytes are zeros; 0 if it has neither, and
 * reads as zeros.
 * Errors: -EBADMSG it cannot be read by overlayfs, or only as something else.
 */
int cfs_node_object(const struct cfs_tree *tree, const struct cfs_node *node,
		    enum cfs_alg alg, struct cfs_digest *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

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
