/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is written into the fields of an inode, derived from the plan.  Private
 * to the erofs room. */
#ifndef CFS_EROFS_WRITE_INODE_H
#define CFS_EROFS_WRITE_INODE_H

#include "erofs/write_plan.h"

/* Returns the size of an inode without xattrs and tail: 32 or 64 bytes. */
static inline uint32_t cfs_erofs_head_size(const struct cfs_erofs_inode *inode)
{
	return inode->flags & CFS_EROFS_I_EXTENDED
		       ? sizeof(struct cfs_erofs_extended)
		       : sizeof(struct cfs_erofs_compact);
}

/* Returns the size that is written into @inode. */
static inline uint64_t cfs_erofs_size(const struct cfs_erofs_inode *inode)
{
	switch (inode->type) {
	case CFS_EROFS_FT_DIR:
		return (uint64_t)inode->blocks * CFS_EROFS_BLOCK + inode->tail;
	case CFS_EROFS_FT_SYMLINK:
	case CFS_EROFS_FT_REG:
		return inode->flags & CFS_EROFS_I_WHITEOUT ? 0
							   : inode->node->size;
	default:
		return 0;
	}
}

/* Returns the layout of @inode's data. */
static inline enum cfs_erofs_layout cfs_erofs_layout_of(
	const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_METACOPY)
		return CFS_EROFS_CHUNKS;
	return inode->tail > 0 ? CFS_EROFS_INLINE : CFS_EROFS_PLAIN;
}

/* Returns the binary logarithm of the chunk size for a file of @size (more than
 * 0) bytes whose contents are outside the image: all of it is one chunk, unless
 * that would be too large. */
static inline unsigned cfs_erofs_chunk_bits(uint64_t size)
{
	unsigned bits = size > 1 ? 64 - (unsigned)__builtin_clzll(size - 1)
				 : CFS_EROFS_BLOCK_BITS;

	if (bits < CFS_EROFS_BLOCK_BITS)
		return CFS_EROFS_BLOCK_BITS;
	return bits > CFS_EROFS_CHUNK_BITS_MAX ? CFS_EROFS_CHUNK_BITS_MAX
					       : bits;
}

/* Returns the mode that is written into @inode. */
static inline uint32_t cfs_erofs_mode(const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_WHITEOUT)
		return (inode->node->mode & ~(uint32_t)S_IFMT) | S_IFREG;
	return inode->node->mode;
}

#endif
