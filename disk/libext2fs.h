/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libext2fs, loaded when it is first needed (base/library.h): by
 * cfs_ext4_create(), without which nothing else of this room can be called.
 *
 * Include this instead of <ext2fs/ext2fs.h>.  To use a further function of the
 * library, add it to both lists below.
 */
#ifndef CFS_DISK_LIBEXT2FS_H
#define CFS_DISK_LIBEXT2FS_H

#include <ext2fs/ext2fs.h>

#include "base/err.h"

/* Loads libext2fs.  Errors: see cfs_library_load(). */
int cfs_libext2fs_load(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* clang-format off */
#define CFS_LIBEXT2FS(X) \
	X(error_message) \
	X(ext2fs_block_alloc_stats_range) \
	X(ext2fs_bmap2) \
	X(ext2fs_close2) \
	X(ext2fs_expand_dir) \
	X(ext2fs_extent_fix_parents) \
	X(ext2fs_extent_free) \
	X(ext2fs_extent_insert) \
	X(ext2fs_extent_open2) \
	X(ext2fs_free) \
	X(ext2fs_iblk_add_blocks) \
	X(ext2fs_inode_alloc_stats2) \
	X(ext2fs_inode_size_set) \
	X(ext2fs_lookup) \
	X(ext2fs_mkdir) \
	X(ext2fs_new_inode) \
	X(ext2fs_new_range) \
	X(ext2fs_open2) \
	X(ext2fs_read_bitmaps) \
	X(ext2fs_read_dir_block4) \
	X(ext2fs_read_inode) \
	X(ext2fs_symlink) \
	X(ext2fs_write_dir_block4) \
	X(ext2fs_write_inode) \
	X(ext2fs_write_new_inode) \
	X(initialize_ext2_error_table) \
	X(io_channel_write_blk64) \
	X(unix_io_manager)
/* clang-format on */

struct cfs_libext2fs {
#define X(name) __typeof__(name) *name;
	CFS_LIBEXT2FS(X)
#undef X
};
extern struct cfs_libext2fs cfs_libext2fs;

#define error_message cfs_libext2fs.error_message
#define ext2fs_block_alloc_stats_range \
	cfs_libext2fs.ext2fs_block_alloc_stats_range
#define ext2fs_bmap2		    cfs_libext2fs.ext2fs_bmap2
#define ext2fs_close2		    cfs_libext2fs.ext2fs_close2
#define ext2fs_expand_dir	    cfs_libext2fs.ext2fs_expand_dir
#define ext2fs_extent_fix_parents   cfs_libext2fs.ext2fs_extent_fix_parents
#define ext2fs_extent_free	    cfs_libext2fs.ext2fs_extent_free
#define ext2fs_extent_insert	    cfs_libext2fs.ext2fs_extent_insert
#define ext2fs_extent_open2	    cfs_libext2fs.ext2fs_extent_open2
#define ext2fs_free		    cfs_libext2fs.ext2fs_free
#define ext2fs_iblk_add_blocks	    cfs_libext2fs.ext2fs_iblk_add_blocks
#define ext2fs_inode_alloc_stats2   cfs_libext2fs.ext2fs_inode_alloc_stats2
#define ext2fs_inode_size_set	    cfs_libext2fs.ext2fs_inode_size_set
#define ext2fs_lookup		    cfs_libext2fs.ext2fs_lookup
#define ext2fs_mkdir		    cfs_libext2fs.ext2fs_mkdir
#define ext2fs_new_inode	    cfs_libext2fs.ext2fs_new_inode
#define ext2fs_new_range	    cfs_libext2fs.ext2fs_new_range
#define ext2fs_open2		    cfs_libext2fs.ext2fs_open2
#define ext2fs_read_bitmaps	    cfs_libext2fs.ext2fs_read_bitmaps
#define ext2fs_read_dir_block4	    cfs_libext2fs.ext2fs_read_dir_block4
#define ext2fs_read_inode	    cfs_libext2fs.ext2fs_read_inode
#define ext2fs_symlink		    cfs_libext2fs.ext2fs_symlink
#define ext2fs_write_dir_block4	    cfs_libext2fs.ext2fs_write_dir_block4
#define ext2fs_write_inode	    cfs_libext2fs.ext2fs_write_inode
#define ext2fs_write_new_inode	    cfs_libext2fs.ext2fs_write_new_inode
#define initialize_ext2_error_table cfs_libext2fs.initialize_ext2_error_table
#define io_channel_write_blk64	    cfs_libext2fs.io_channel_write_blk64
#define unix_io_manager		    (*cfs_libext2fs.unix_io_manager)

#endif
