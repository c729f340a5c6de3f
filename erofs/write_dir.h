/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The entries of directories: walking those of the tree and the writer's extras
 * together, and writing them in blocks.  The functions that write are given
 * room for what the plan says and return the end of what they wrote.  Private
 * to the erofs room.
 */
#ifndef CFS_EROFS_WRITE_DIR_H
#define CFS_EROFS_WRITE_DIR_H

#include <string.h>

#include "erofs/write_plan.h"

/* Walks the entries of a directory in the order of their names, merging those
 * of the tree with the extras. */
struct cfs_erofs_dir_iter {
	const struct cfs_node *child, *extra;
};

/* Begins to walk the entries of @dir. */
static inline struct cfs_erofs_dir_iter cfs_erofs_dir_start(
	const struct cfs_erofs_plan *plan, const struct cfs_node *dir)
{
	return (struct cfs_erofs_dir_iter){
		.child = dir->dir.first,
		.extra = dir->parent ? plan->extras : plan->root_extras,
	};
}

/* Returns whether the name of @a sorts before that of @b.  The first byte
 * usually decides, without a call of strcmp(). */
static inline bool cfs_erofs_is_before(const struct cfs_node *a,
				       const struct cfs_node *b)
{
	uint8_t x = (uint8_t)a->name[0], y = (uint8_t)b->name[0];

	return x == y ? strcmp(a->name, b->name) < 0 : x < y;
}

/* Returns the next entry, or NULL at the end. */
static inline const struct cfs_node *cfs_erofs_dir_next(
	struct cfs_erofs_dir_iter *it)
{
	const struct cfs_node *child = it->child, *extra = it->extra;

	if (extra && (!child || cfs_erofs_is_before(extra, child))) {
		it->extra = extra->next;
		return extra;
	}
	if (child)
		it->child = child->next;
	return child;
}

/* Returns whether @entry is "." or "..": only these are directories without a
 * parent. */
static inline bool cfs_erofs_is_dot(const struct cfs_node *entry)
{
	return !entry->parent && S_ISDIR(entry->mode);
}

/* Returns the index into plan->inodes of the inode that @entry of @dir refers
 * to, or CFS_EROFS_NO_INODE if the inode is not written. */
static inline uint32_t cfs_erofs_ino(const struct cfs_erofs_plan *plan,
				     const struct cfs_node *dir,
				     const struct cfs_node *entry)
{
	if (cfs_erofs_is_dot(entry))
		entry = entry->name_len == 2 && dir->parent ? dir->parent : dir;
	else if (entry->flags & CFS_NODE_LINK)
		entry = entry->link;
	return plan->ino_of[entry->seq];
}

/* Writes the next entries of directory @inode, as many as fit into a block, and
 * moves *@it behind them. */
uint8_t *cfs_erofs_put_dir_block(const struct cfs_erofs_plan *plan,
				 const struct cfs_erofs_inode *inode,
				 struct cfs_erofs_dir_iter *it,
				 uint8_t *p) CFS_NONNULL;

/* Writes the entries of directory @inode that are in its tail: inode->tail
 * bytes. */
uint8_t *cfs_erofs_put_dir_tail(const struct cfs_erofs_plan *plan,
				const struct cfs_erofs_inode *inode,
				uint8_t *p) CFS_NONNULL;

#endif
