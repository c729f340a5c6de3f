/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes pieces of an image to @p, where the caller has made room: as much as
 * the plan says.  All functions return the end of what they wrote.  Private to
 * the erofs room.
 */
#ifndef CFS_EROFS_WRITE_IMAGE_H
#define CFS_EROFS_WRITE_IMAGE_H

#include "erofs/write_plan.h"

/* Writes the xattrs of @inode, which must have some: inode->xattr_bytes
 * bytes. */
uint8_t *cfs_erofs_put_xattrs(const struct cfs_erofs_plan *plan,
			      const struct cfs_erofs_inode *inode,
			      uint8_t *p) CFS_NONNULL;

/* Writes an entry of the shared table or of an inode: cfs_erofs_entry_size()
 * bytes. */
uint8_t *cfs_erofs_put_entry(const struct cfs_erofs_pair *pair,
			     struct cfs_bytes value, uint8_t *p) CFS_NONNULL;

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
