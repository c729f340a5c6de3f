/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The output of composefs-info; private to composefs_info*.c. */
#ifndef CFS_CFSCTL_COMPAT_COMPOSEFS_INFO_H
#define CFS_CFSCTL_COMPAT_COMPOSEFS_INFO_H

#include "base/buf.h"
#include "erofs/reader.h"
#include "tree/node.h"

#define CFS_INFO_FILTERS_MAX 64

/* An image that was read, and what of it is asked for. */
struct cfs_info_image {
	struct cfs_tree *tree;
	unsigned version;
	const struct cfs_erofs_detail **details; /* by seq; the tree's */
	struct cfs_node **first; /* by seq: name under which an inode comes
				  * first; owned; all NULL */
	/* Names in / that are wanted, borrowed; none: all. */
	unsigned filters;
	const char *filter[CFS_INFO_FILTERS_MAX];
};

/* The next node that the filters let through, depth first; NULL at the end.
 * Start with @at == NULL. */
struct cfs_node *cmd_info_walk(const struct cfs_info_image *image,
			       struct cfs_node *at) __attribute__((nonnull(1)));

/* Appends the line of `ls` for @node, which is not the root. */
void cmd_info_ls(struct cfs_info_image *image, struct cfs_node *node,
		 struct cfs_buf *out) CFS_NONNULL;

/* Appends the line of `dump`. */
void cmd_info_dump(struct cfs_info_image *image, struct cfs_node *node,
		   struct cfs_buf *out) CFS_NONNULL;

#endif
