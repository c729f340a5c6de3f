/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Paths in a tree, as a process whose root directory the tree is sees them. */
#ifndef CFS_TREE_RESOLVE_H
#define CFS_TREE_RESOLVE_H

#include "tree/node.h"

/* Symbolic links followed for one path.  Source: linux/namei.h MAXSYMLINKS. */
#define CFS_RESOLVE_LINKS_MAX 40

/*
 * Follows @path from the root of @tree, including symbolic links; ".." of the
 * root is the root, so no path leads out of the tree.  @tree is finished.
 *
 * Returns 1 with *@ret, which is neither a symbolic link nor a CFS_NODE_LINK;
 * or 0 if a component is missing or is not a directory.
 * Errors: -ELOOP over CFS_RESOLVE_LINKS_MAX links, -ENAMETOOLONG a path of over
 * CFS_TARGET_MAX bytes, once a target is put into it.
 */
int cfs_tree_resolve(const struct cfs_tree *tree, const char *path,
		     struct cfs_node **ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
