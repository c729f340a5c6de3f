/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Directories by name, for lines that are in no order and for hardlinks;
 * private to tree/dump.  A dumpfile in depth-first order never asks.
 */
#ifndef CFS_TREE_DUMP_DIRS_H
#define CFS_TREE_DUMP_DIRS_H

#include "tree/node.h"

struct cfs_dump_dirs {
	struct cfs_tree *tree; /* borrowed */
	struct cfs_table table;
};

void cfs_dump_dirs_init(struct cfs_dump_dirs *dirs,
			struct cfs_tree *tree) CFS_NONNULL;
void cfs_dump_dirs_free(struct cfs_dump_dirs *dirs);

/* To be called for every directory that is added to the tree.
 * Errors: -ENOMEM. */
int cfs_dump_dirs_add(struct cfs_dump_dirs *dirs, struct cfs_node *node,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Looks for directory @name in @parent.  The first call indexes the tree.
 * Returns 1 with *@ret, or 0.  Errors: -ENOMEM. */
int cfs_dump_dirs_find(struct cfs_dump_dirs *dirs,
		       const struct cfs_node *parent, struct cfs_bytes name,
		       struct cfs_node **ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
