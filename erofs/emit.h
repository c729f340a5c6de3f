/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Pieces of an image, written to where the caller has made room for them: as
 * much as the layout says.  All return the end of what they wrote.  Private
 * to the erofs room.
 */
#ifndef CFS_EROFS_EMIT_H
#define CFS_EROFS_EMIT_H

#include "erofs/plan.h"

/* The xattrs of @inode, which has some: inode->xattr_bytes. */
uint8_t *cfs_erofs_put_xattrs(const struct cfs_erofs_plan *plan,
			      const struct cfs_erofs_inode *inode,
			      uint8_t *p) CFS_NONNULL;

/* One entry, in the shared table or in an inode: cfs_erofs_entry_size(). */
uint8_t *cfs_erofs_put_entry(const struct cfs_erofs_pair *pair,
			     struct cfs_bytes value, uint8_t *p) CFS_NONNULL;

/* The next entries of directory @inode, as many as a block holds. */
uint8_t *cfs_erofs_put_dir_block(const struct cfs_erofs_plan *plan,
				 const struct cfs_erofs_inode *inode,
				 struct cfs_erofs_dir_iter *it,
				 uint8_t *p) CFS_NONNULL;

/* The entries of directory @inode that stand in it: inode->tail. */
uint8_t *cfs_erofs_put_dir_tail(const struct cfs_erofs_plan *plan,
				const struct cfs_erofs_inode *inode,
				uint8_t *p) CFS_NONNULL;

#endif
