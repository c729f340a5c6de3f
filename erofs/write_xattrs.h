/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes xattrs to @p, where the caller has made room for what the plan says.
 * The functions return the end of what they wrote.  Private to the erofs room.
 */
#ifndef CFS_EROFS_WRITE_XATTRS_H
#define CFS_EROFS_WRITE_XATTRS_H

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

#endif
