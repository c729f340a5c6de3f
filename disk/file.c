/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/file.h"

#include <string.h>

#include "base/zeros.h"
#include "disk/mkfs.h"

/* Longest run of blocks that one extent can hold.
 * Source: ext2fs/ext3_extents.h, EXT_INIT_MAX_LEN. */
#define RUN_MAX 32768u

int cfs_ext4_fail(struct cfs_err *err, errcode_t code, const char *what)
{
	/* A code is either an errno value or one of libext2fs' own, which are
	 * far larger. */
	int e = code > 0 && code < 4096 ? (int)code : EIO;

	if (code == EXT2_ET_BLOCK_ALLOC_FAIL ||
	    code == EXT2_ET_INODE_ALLOC_FAIL)
		return cfs_fail(err, ENOSPC, "%s: the image is full", what);
	if (code == EXT2_ET_SHORT_WRITE) /* how libext2fs reports a full disk */
		return cfs_fail(err, ENOSPC,
				"%s: no space left on the file system of the "
				"image",
				what);
	if (code == EXT2_ET_NO_MEMORY)
		e = ENOMEM;
	return cfs_fail(err, e, "%s: %s", what, error_message(code));
}

/* Moves the last extent into the extent tree. */
static errcode_t add_run(struct cfs_ext4_file *file)
{
	errcode_t e;

	if (file->run.e_len == 0)
		return 0;
	e = ext2fs_extent_insert(file->extents, EXT2_EXTENT_INSERT_AFTER,
				 &file->run);
	if (!e)
		e = ext2fs_extent_fix_parents(file->extents);
	file->run = (struct ext2fs_extent){ 0 };
	return e;
}

/* Allocates up to @want consecutive blocks for block @block of the file, and
 * sets *@ret_at and *@ret_n to the first one and to their number. */
static errcode_t take(struct cfs_ext4_file *file, uint64_t block, uint64_t want,
		      blk64_t *ret_at, blk64_t *ret_n)
{
	ext2_filsys fs = file->fs->fs;
	struct ext2fs_extent *run = &file->run;
	blk64_t at = 0, n = 0;
	errcode_t e;

	e = ext2fs_new_range(fs, 0, file->fs->goal,
			     want < RUN_MAX ? want : RUN_MAX, NULL, &at, &n);
	if (e)
		return e;
	ext2fs_block_alloc_stats_range(fs, at, (blk_t)n, +1);
	e = ext2fs_iblk_add_blocks(fs, &file->inode, n);
	if (e)
		return e;
	/* Files lie one behind the other: they are only ever added. */
	file->fs->goal = at + n;
	*ret_at = at;
	*ret_n = n;
	if (run->e_len && run->e_lblk + run->e_len == block &&
	    run->e_pblk + run->e_len == at && run->e_len + n <= RUN_MAX) {
		run->e_len += (uint32_t)n;
		return 0;
	}
	e = add_run(file);
	*run = (struct ext2fs_extent){ .e_lblk = block,
				       .e_pblk = at,
				       .e_len = (uint32_t)n };
	return e;
}

/* Writes @data to the blocks from @at on, padding the last one with zeros. */
static errcode_t store(ext2_filsys fs, blk64_t at, const uint8_t *data,
		       size_t len)
{
	uint8_t last[CFS_EXT4_BLOCK] = { 0 };
	size_t whole = len / CFS_EXT4_BLOCK;
	errcode_t e = 0;

	if (whole)
		e = io_channel_write_blk64(fs->io, at, (int)whole, data);
	len -= whole * CFS_EXT4_BLOCK;
	if (e || len == 0)
		return e;
	memcpy(last, data + whole * CFS_EXT4_BLOCK, len);
	return io_channel_write_blk64(fs->io, at + whole, 1, last);
}

int cfs_ext4_file_begin(struct cfs_ext4 *fs, mode_t mode,
			struct cfs_ext4_file *ret, struct cfs_err *err)
{
	errcode_t e;

	*ret = (struct cfs_ext4_file){ .fs = fs };
	e = ext2fs_new_inode(fs->fs, EXT2_ROOT_INO, LINUX_S_IFREG, NULL,
			     &ret->ino);
	if (e)
		return cfs_ext4_fail(err, e, "take an inode");
	ext2fs_inode_alloc_stats2(fs->fs, ret->ino, +1, 0);
	ret->inode.i_mode = (uint16_t)(LINUX_S_IFREG | (mode & 07777));
	ret->inode.i_links_count = 1;
	ret->inode.i_flags = EXT4_EXTENTS_FL;
	ret->inode.i_atime = (uint32_t)fs->fs->now;
	ret->inode.i_ctime = (uint32_t)fs->fs->now;
	ret->inode.i_mtime = (uint32_t)fs->fs->now;
	/* The checksums of extent tree nodes cover fields of the inode, which
	 * libext2fs reads from the disk. */
	e = ext2fs_write_new_inode(fs->fs, ret->ino, &ret->inode);
	if (!e)
		e = ext2fs_extent_open2(fs->fs, ret->ino, &ret->inode,
					&ret->extents);
	return e ? cfs_ext4_fail(err, e, "start an inode") : 0;
}

static int put_run(struct cfs_ext4_file *file, uint64_t block,
		   struct cfs_bytes data, struct cfs_err *err)
{
	while (data.len) {
		uint64_t want = (data.len - 1) / CFS_EXT4_BLOCK + 1;
		blk64_t at, n;
		size_t len;
		errcode_t e = take(file, block, want, &at, &n);

		if (e)
			return cfs_ext4_fail(err, e, "take blocks");
		len = n < want ? (size_t)n * CFS_EXT4_BLOCK : data.len;
		e = store(file->fs->fs, at, data.data, len);
		if (e)
			return cfs_ext4_fail(err, e, "write blocks");
		data.data += len;
		data.len -= len;
		block += n;
	}
	return 0;
}

int cfs_ext4_file_put(struct cfs_ext4_file *file, uint64_t block,
		      struct cfs_bytes data, struct cfs_err *err)
{
	struct cfs_bytes run;
	bool zero;

	/* Blocks of zeroes stay holes, in the Merkle tree too: they read, and
	 * are verified, the same. */
	while (cfs_bytes_run(&data, CFS_EXT4_BLOCK, &run, &zero)) {
		int r = zero ? 0 : put_run(file, block, run, err);

		if (r < 0)
			return r;
		block += run.len / CFS_EXT4_BLOCK;
	}
	return 0;
}

int cfs_ext4_file_end(struct cfs_ext4_file *file, uint64_t size, uint32_t flags,
		      struct cfs_err *err)
{
	ext2_filsys fs = file->fs->fs;
	errcode_t e = add_run(file);

	if (!e)
		e = ext2fs_inode_size_set(fs, &file->inode, size);
	file->inode.i_flags |= flags;
	if (!e)
		e = ext2fs_write_inode(fs, file->ino, &file->inode);
	return e ? cfs_ext4_fail(err, e, "write an inode") : 0;
}

void cfs_ext4_file_free(struct cfs_ext4_file *file)
{
	if (file->extents)
		ext2fs_extent_free(file->extents);
	file->extents = NULL;
}
