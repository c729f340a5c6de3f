/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The state of reading an image into a tree; private to the erofs room. */
#ifndef CFS_EROFS_READING_H
#define CFS_EROFS_READING_H

#include "erofs/image.h"

struct cfs_erofs_reading {
	struct cfs_erofs_image image;
	struct cfs_erofs_place *place; /* to look for, or NULL */
	struct cfs_tree *tree;
	bool info;
	bool details; /* are wanted: @detail is of this inode */
	const struct cfs_erofs_detail *detail;
	struct cfs_table inodes; /* that were read, by nid */
	struct cfs_erofs_memo memo;
	struct cfs_erofs_attrs_read attrs; /* of this inode */
	struct cfs_buf content;		   /* of this inode */
	struct cfs_buf dirs;		   /* a queue, to be read */
	uint64_t stubs;			   /* inodes that are not in the tree */
	bool whiteouts;			   /* escaped ones are in the tree */
	bool hex_names[256];		   /* 00..ff are there */
};

/*
 * Fills @node, which is in the tree, from its inode; of a directory all but
 * the entries.  Errors: -EBADMSG, -ENOMEM.
 */
int cfs_erofs_node_read(struct cfs_erofs_reading *rd,
			const struct cfs_erofs_stat *st, struct cfs_node *node,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Takes the marks of whiteouts from the directories that hold one, as the
 * writer gives them: not for whiteouts that are hard links. */
int cfs_erofs_unmark(struct cfs_erofs_reading *rd,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Gives err the code of a bad image, unless memory is short. */
int cfs_erofs_bad(struct cfs_err *err) CFS_NONNULL;

#endif
