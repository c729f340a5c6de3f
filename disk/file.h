/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is inside struct cfs_ext4: the directory at hand, the blocks of a file.
 * See disk/ext4.h for the outside.
 */
#ifndef CFS_DISK_FILE_H
#define CFS_DISK_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "disk/libext2fs.h"
#include "disk/mkfs.h"

/* The directory that was added to last. */
struct cfs_ext4_dir {
	ext2_ino_t ino;		       /* 0: none */
	blk64_t at;		       /* its last block ... */
	uint8_t block[CFS_EXT4_BLOCK]; /* ... as it shall be */
	unsigned last;		       /* offset of the last entry in it */
	bool dirty;
	bool ordered;	/* every name there is at most `name` */
	char name[256]; /* the last one added */
};

struct cfs_ext4 {
	ext2_filsys fs;	 /* NULL once finished */
	uint64_t goal;	 /* where the next block is looked for */
	uint8_t *buffer; /* CFS_EXT4_BUFFER bytes */
	struct cfs_ext4_dir dir;
};

#define CFS_EXT4_BUFFER (1 << 20)

/* Words what libext2fs answered.  Returns a negative errno value. */
int cfs_ext4_fail(struct cfs_err *err, errcode_t code,
		  const char *what) CFS_NONNULL;

/* May @name be added to directory @parent?  0, -EEXIST or a bad name. */
int cfs_ext4_vacant(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the directory at hand and lets go of it. */
int cfs_ext4_dir_flush(struct cfs_ext4 *fs,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Names inode @ino, of type @type (EXT2_FT_*), in @parent. */
int cfs_ext4_link(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		  uint32_t ino, int type,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A file being written: blocks are appended, holes are left by going on at a
 * later block. */
struct cfs_ext4_file {
	struct cfs_ext4 *fs;
	ext2_ino_t ino;
	struct ext2_inode inode;
	ext2_extent_handle_t extents;
	struct ext2fs_extent run; /* allocated, not in the tree yet */
};

/*
 * Takes an inode for a regular file of permissions @mode.  It has no name;
 * cfs_ext4_file_end() writes it.  Also after an error the caller owes
 * cfs_ext4_file_free().
 */
int cfs_ext4_file_begin(struct cfs_ext4 *fs, mode_t mode,
			struct cfs_ext4_file *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes @data (not empty) from logical block @block on; the rest of its last
 * block is zero.  @block must be behind all that was written before.  Blocks
 * of zeros become holes, whatever holes the source has: the image depends on
 * contents alone.
 */
int cfs_ext4_file_put(struct cfs_ext4_file *file, uint64_t block,
		      struct cfs_bytes data,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the inode: @size bytes, EXT4_*_FL @flags besides EXTENTS. */
int cfs_ext4_file_end(struct cfs_ext4_file *file, uint64_t size, uint32_t flags,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_ext4_file_free(struct cfs_ext4_file *file);

#define CFS_AUTOEXT4FILE __attribute__((cleanup(cfs_ext4_file_free)))

#endif
