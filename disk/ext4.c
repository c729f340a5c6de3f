/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/ext4.h"

#include <string.h>

#include "base/io.h"
#include "disk/file.h"

/* Opens the file system in @fd.  libext2fs wants a name; this one leads to the
 * file of @fd, whatever happens to the file's own name. */
static errcode_t open_fs(int fd, ext2_filsys *ret)
{
	char path[CFS_FD_PATH_MAX];
	errcode_t e;

	cfs_fd_path(fd, path);
	e = ext2fs_open2(path, NULL, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0,
			 unix_io_manager, ret);
	return e ? e : ext2fs_read_bitmaps(*ret);
}

int cfs_ext4_create(int fd, const struct cfs_ext4_params *params,
		    struct cfs_ext4 **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_ext4_free) struct cfs_ext4 *fs = NULL;
	errcode_t e;
	int r;

	r = cfs_libext2fs_load(err);
	if (r == 0)
		r = cfs_ext4_mkfs(fd, params, err);
	if (r < 0)
		return r;
	initialize_ext2_error_table();
	fs = calloc(1, sizeof(*fs));
	if (fs)
		fs->buffer = malloc(CFS_EXT4_BUFFER);
	if (!fs || !fs->buffer)
		return cfs_no_memory(err);
	e = open_fs(fd, &fs->fs);
	if (e)
		return cfs_ext4_fail(err, e, "open the new file system");
	/* libext2fs gives this time to everything that it writes. */
	fs->fs->now = (time_t)params->time;
	fs->goal = fs->fs->super->s_first_data_block;
	/* How much was written so far depends on whether the file system of
	 * the image can make holes.  libext2fs does not count on from 0; that
	 * goes into the copies of the superblock, too. */
	fs->fs->super->s_kbytes_written = 0;
	fs->fs->flags &= ~EXT2_FLAG_MASTER_SB_ONLY;
	*ret = cfs_steal_ptr(&fs);
	return 0;
}

void cfs_ext4_free(struct cfs_ext4 *fs)
{
	if (!fs)
		return;
	if (fs->fs)
		ext2fs_free(fs->fs);
	free(fs->buffer);
	free(fs);
}

uint64_t cfs_ext4_free_blocks(const struct cfs_ext4 *fs)
{
	return ext2fs_free_blocks_count(fs->fs->super);
}

/* Sets the permissions of a directory, which libext2fs creates with 0755. */
static errcode_t set_mode(ext2_filsys fs, ext2_ino_t ino, mode_t mode)
{
	struct ext2_inode inode;
	errcode_t e = ext2fs_read_inode(fs, ino, &inode);

	if (e)
		return e;
	inode.i_mode =
		(uint16_t)((inode.i_mode & LINUX_S_IFMT) | (mode & 07777));
	return ext2fs_write_inode(fs, ino, &inode);
}

int cfs_ext4_mkdir(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		   mode_t mode, uint32_t *ret_ino, struct cfs_err *err)
{
	ext2_ino_t ino;
	errcode_t e;
	int r = cfs_ext4_vacant(fs, parent, name, err);

	if (r < 0)
		return r;
	/* The root as the parent: inodes are then numbered in the order in
	 * which they are created.  No name yet, as libext2fs would search the
	 * whole directory for room for it. */
	e = ext2fs_new_inode(fs->fs, EXT2_ROOT_INO, LINUX_S_IFDIR, NULL, &ino);
	if (!e)
		e = ext2fs_mkdir(fs->fs, parent, ino, NULL);
	if (!e)
		e = set_mode(fs->fs, ino, mode);
	if (e)
		return cfs_ext4_fail(err, e, name);
	r = cfs_ext4_link(fs, parent, name, ino, EXT2_FT_DIR, err);
	if (r < 0)
		return r;
	*ret_ino = ino;
	return 0;
}

int cfs_ext4_symlink(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		     const char *target, struct cfs_err *err)
{
	ext2_ino_t ino;
	errcode_t e;
	int r = cfs_ext4_vacant(fs, parent, name, err);

	if (r < 0)
		return r;
	e = ext2fs_new_inode(fs->fs, EXT2_ROOT_INO, LINUX_S_IFLNK, NULL, &ino);
	if (!e)
		e = ext2fs_symlink(fs->fs, parent, ino, NULL, target);
	if (e)
		return cfs_ext4_fail(err, e, name);
	return cfs_ext4_link(fs, parent, name, ino, EXT2_FT_SYMLINK, err);
}

int cfs_ext4_finish(struct cfs_ext4 *fs, struct cfs_err *err)
{
	int r = cfs_ext4_dir_flush(fs, err);
	errcode_t e;

	if (r < 0)
		return r;
	/* No sync here: the caller's fsync() does it, and reports errors. */
	e = ext2fs_close2(fs->fs, EXT2_FLAG_FLUSH_NO_SYNC);
	fs->fs = NULL;
	return e ? cfs_ext4_fail(err, e, "write the file system") : 0;
}
