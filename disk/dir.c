/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Adds names to directories.  ext2fs_link() would search the directory from its
 * start for each name, which with thousands of names takes most of the time of
 * writing an image.  Here the last block of the current directory is kept in
 * memory, and names are appended to it.
 */
#include <string.h>

#include "disk/ext4.h"
#include "disk/file.h"

/* struct ext2_dir_entry without its name, and the unit of its length.
 * Source: ext2fs/ext2_fs.h. */
#define ENTRY_HEAD 8
#define ENTRY_PAD  4
/* The end of each block has a checksum, because of the feature
 * metadata_csum. */
#define TAIL sizeof(struct ext2_dir_entry_tail)

static struct ext2_dir_entry *entry(struct cfs_ext4_dir *dir, unsigned off)
{
	return (struct ext2_dir_entry *)(void *)(dir->block + off);
}

/* The low byte of name_len is the length of the name, the high one the type.
 * libext2fs' functions for them would have to be linked where the compiler does
 * not inline them. */
static unsigned length_of(const struct ext2_dir_entry *e)
{
	return e->name_len & 0xff;
}

static unsigned entry_len(size_t name_len)
{
	return (unsigned)((ENTRY_HEAD + name_len + ENTRY_PAD - 1) / ENTRY_PAD *
			  ENTRY_PAD);
}

static errcode_t flush(struct cfs_ext4 *fs)
{
	struct cfs_ext4_dir *dir = &fs->dir;

	if (!dir->dirty)
		return 0;
	/* Also if writing fails, as the block is then not written again. */
	dir->dirty = false;
	return ext2fs_write_dir_block4(fs->fs, dir->at, dir->block, 0,
				       dir->ino);
}

int cfs_ext4_dir_flush(struct cfs_ext4 *fs, struct cfs_err *err)
{
	errcode_t e = flush(fs);

	fs->dir.ino = 0;
	return e ? cfs_ext4_fail(err, e, "write a directory") : 0;
}

/* Sets *@ret to the offset of the last entry in the block.  Returns the number
 * of entries. */
static unsigned last_entry(struct cfs_ext4_dir *dir, unsigned *ret)
{
	unsigned off = 0, n = 1;

	while (off + entry(dir, off)->rec_len < CFS_EXT4_BLOCK - TAIL) {
		off += entry(dir, off)->rec_len;
		n++;
	}
	*ret = off;
	return n;
}

/* Makes @ino the current directory and reads its last block. */
static errcode_t load(struct cfs_ext4 *fs, ext2_ino_t ino)
{
	struct cfs_ext4_dir *dir = &fs->dir;
	struct ext2_inode inode;
	uint64_t blocks;
	errcode_t e = flush(fs);

	dir->ino = 0;
	if (!e)
		e = ext2fs_read_inode(fs->fs, ino, &inode);
	if (e)
		return e;
	if (!LINUX_S_ISDIR(inode.i_mode))
		return ENOTDIR;
	blocks = EXT2_I_SIZE(&inode) / CFS_EXT4_BLOCK;
	e = ext2fs_bmap2(fs->fs, ino, &inode, NULL, 0, blocks - 1, NULL,
			 &dir->at);
	if (!e)
		e = ext2fs_read_dir_block4(fs->fs, dir->at, dir->block, 0, ino);
	if (e)
		return e;
	/* With nothing but "." and "..", names that are added in order are
	 * known to be new without a search. */
	dir->ordered = last_entry(dir, &dir->last) == 2 && blocks == 1;
	dir->name[0] = '\0';
	dir->ino = ino;
	return 0;
}

static int name_check(const char *name, struct cfs_err *err)
{
	size_t len = strlen(name);

	if (len > EXT2_NAME_LEN)
		return cfs_fail(err, ENAMETOOLONG,
				"%s: a name has at most %d bytes", name,
				EXT2_NAME_LEN);
	if (len == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strchr(name, '/'))
		return cfs_fail(err, EINVAL, "'%s' cannot be a file's name",
				name);
	return 0;
}

int cfs_ext4_vacant(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		    struct cfs_err *err)
{
	uint32_t ino;
	int r = name_check(name, err);

	if (r < 0)
		return r;
	if (fs->dir.ino != parent) {
		errcode_t e = load(fs, parent);

		if (e)
			return cfs_ext4_fail(err, e, name);
	}
	if (fs->dir.ordered && strcmp(name, fs->dir.name) > 0)
		return 0;
	r = cfs_ext4_lookup(fs, parent, name, &ino, err);
	if (r > 0)
		return cfs_fail(err, EEXIST, "%s already exists", name);
	return r;
}

int cfs_ext4_lookup(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		    uint32_t *ret_ino, struct cfs_err *err)
{
	ext2_ino_t ino;
	errcode_t e = flush(fs);

	if (!e)
		e = ext2fs_lookup(fs->fs, parent, name, (int)strlen(name), NULL,
				  &ino);
	if (e == EXT2_ET_FILE_NOT_FOUND)
		return 0;
	if (e)
		return cfs_ext4_fail(err, e, name);
	*ret_ino = ino;
	return 1;
}

/* Appends a name to the block.  Returns false if there is no room. */
static bool append(struct cfs_ext4_dir *dir, const char *name, ext2_ino_t ino,
		   int type)
{
	struct ext2_dir_entry *e = entry(dir, dir->last);
	unsigned used = e->inode ? entry_len(length_of(e)) : 0;
	unsigned room = e->rec_len - used;
	size_t len = strlen(name);

	if (entry_len(len) > room)
		return false;
	if (used) {
		e->rec_len = (uint16_t)used;
		dir->last += used;
		e = entry(dir, dir->last);
	}
	memset(e, 0, ENTRY_HEAD);
	e->inode = ino;
	e->rec_len = (uint16_t)room;
	e->name_len = (uint16_t)(len | (unsigned)type << 8);
	memcpy(dir->block + dir->last + ENTRY_HEAD, name, len);
	dir->dirty = true;
	return true;
}

int cfs_ext4_link(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		  uint32_t ino, int type, struct cfs_err *err)
{
	struct cfs_ext4_dir *dir = &fs->dir;
	errcode_t e = dir->ino == parent ? 0 : load(fs, parent);
	bool ordered = dir->ordered && strcmp(name, dir->name) > 0;

	if (!e && !append(dir, name, ino, type)) {
		e = flush(fs);
		if (!e)
			e = ext2fs_expand_dir(fs->fs, parent);
		if (!e)
			e = load(fs, parent);
		if (!e && !append(dir, name, ino, type))
			e = EXT2_ET_DIR_NO_SPACE;
	}
	if (e)
		return cfs_ext4_fail(err, e, name);
	dir->ordered = ordered;
	snprintf(dir->name, sizeof(dir->name), "%s", name);
	return 0;
}
