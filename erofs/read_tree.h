/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The state of reading an image into a tree.  Private to the erofs room. */
#ifndef CFS_EROFS_READ_TREE_H
#define CFS_EROFS_READ_TREE_H

#include "erofs/read_image.h"

struct cfs_erofs_pending; /* a directory to be read, see reader.c */

struct cfs_erofs_reading {
	struct cfs_erofs_image image;
	struct cfs_tree *tree;
	bool info;		 /* CFS_EROFS_READ_INFO */
	bool details;		 /* collect a detail for each inode */
	struct cfs_table inodes; /* inodes read so far, by nid */
	struct cfs_erofs_memo memo;
	CFS_VEC(struct cfs_erofs_pending) dirs; /* queue of those to read */
	uint64_t stubs;				/* number of stubs read */
	bool whiteouts;	     /* the tree has whiteouts with marks */
	bool hex_names[256]; /* the root's names 00 to ff seen so far */
	/* Of the current inode. */
	const struct cfs_erofs_detail *detail;
	struct cfs_erofs_attrs_read attrs;
	struct cfs_buf content;
};

/*
 * Fills @node, which is in the tree, from its inode @st, except for the entries
 * of a directory.  Errors: -EBADMSG, -ENOMEM.
 */
int cfs_erofs_node_read(struct cfs_erofs_reading *rd,
			const struct cfs_erofs_stat *st, struct cfs_node *node,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Removes the marks from the directories to which the writer gives them: those
 * that contain a whiteout, hard links to whiteouts not counted.
 * Errors: -ENOMEM. */
int cfs_erofs_unmark(struct cfs_erofs_reading *rd,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Turns an error of the tree into -EBADMSG, unless it is -ENOMEM: an image
 * should not contain what a tree refuses.  Returns the new code. */
int cfs_erofs_bad(struct cfs_err *err) CFS_NONNULL;

#endif
