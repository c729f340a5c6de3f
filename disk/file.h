/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The inside of disk/ext4.h: struct cfs_ext4, names in directories, the blocks
 * of files.
 */
#ifndef CFS_DISK_FILE_H
#define CFS_DISK_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "disk/libext2fs.h"
#include "disk/mkfs.h"

/* The current directory, to which the last name was added. */
struct cfs_ext4_dir {
	ext2_ino_t ino;		       /* 0: none */
	blk64_t at;		       /* its last block */
	uint8_t block[CFS_EXT4_BLOCK]; /* the contents of that block */
	unsigned last;		       /* offset of the block's last entry */
	bool dirty;		       /* the block must be written */
	bool ordered;	/* no name in the directory sorts after `name` */
	char name[256]; /* the name added last */
};

struct cfs_ext4 {
	ext2_filsys fs;	 /* NULL once finished */
	uint64_t goal;	 /* where the search for free blocks begins */
	uint8_t *buffer; /* CFS_EXT4_BUFFER bytes */
	struct cfs_ext4_dir dir;
};

#define CFS_EXT4_BUFFER (1 << 20)

/* Records the failure @code of libext2fs, with @what as its context.  Returns a
 * negative errno value. */
int cfs_ext4_fail(struct cfs_err *err, errcode_t code,
		  const char *what) CFS_NONNULL;

/* Returns 0 if @name can be added to directory @parent.
 * Errors: see cfs_ext4_mkdir(). */
int cfs_ext4_vacant(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the current directory, so that there is none afterwards. */
int cfs_ext4_dir_flush(struct cfs_ext4 *fs,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds the name @name of inode @ino, of type @type (EXT2_FT_*), to directory
 * @parent. */
int cfs_ext4_link(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		  uint32_t ino, int type,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A file that is being written.  Blocks are appended; skipping some leaves a
 * hole. */
struct cfs_ext4_file {
	struct cfs_ext4 *fs;
	ext2_ino_t ino;
	struct ext2_inode inode;
	ext2_extent_handle_t extents;
	struct ext2fs_extent run; /* last extent, not in the tree yet */
};

/*
 * Begins a regular file with permissions @mode, which has no name yet.  The
 * caller must call cfs_ext4_file_free() in the end, also after an error.
 */
int cfs_ext4_file_begin(struct cfs_ext4 *fs, mode_t mode,
			struct cfs_ext4_file *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes @data (not empty) from block @block of the file on, padded with zeros.
 * @block must be behind everything written before.  Blocks of zeros become
 * holes, whether or not the source has holes there: the image depends on the
 * contents alone.
 */
int cfs_ext4_file_put(struct cfs_ext4_file *file, uint64_t block,
		      struct cfs_bytes data,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Completes the file: writes its inode with the size @size and @flags
 * (EXT4_*_FL) in addition to EXT4_EXTENTS_FL. */
int cfs_ext4_file_end(struct cfs_ext4_file *file, uint64_t size, uint32_t flags,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_ext4_file_free(struct cfs_ext4_file *file);

#define CFS_AUTOEXT4FILE __attribute__((cleanup(cfs_ext4_file_free)))

#endif
