/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An empty ext4 in a file, made by mke2fs(8), and the arithmetic of how large
 * one has to be.  Every feature is named here: neither the machine's
 * mke2fs.conf nor the version of e2fsprogs decides what is made.
 */
#ifndef CFS_DISK_MKFS_H
#define CFS_DISK_MKFS_H

#include <stdint.h>

#include "base/err.h"

#define CFS_EXT4_BLOCK	   4096
#define CFS_EXT4_LABEL_MAX 16 /* bytes; source: ext4's s_volume_name */

/* Latest time an inode of the image can carry, in seconds since 1970: what
 * libext2fs 1.47.0 stores without loss. */
#define CFS_EXT4_TIME_MAX 0x7fffffff

struct cfs_ext4_params {
	uint64_t size;	   /* bytes, a multiple of CFS_EXT4_BLOCK */
	uint64_t inodes;   /* at least so many */
	uint8_t uuid[16];  /* of the file system; also seeds its hashes */
	const char *label; /* NULL: none */
	int64_t time;	   /* of everything in it, 1 to CFS_EXT4_TIME_MAX */
};

/* An UUID as it is written, with dashes, and a NUL. */
#define CFS_UUID_TEXT 37
void cfs_uuid_format(const uint8_t uuid[static 16],
		     char text[static CFS_UUID_TEXT]) CFS_NONNULL;

/*
 * Bytes an image must have to offer @blocks free blocks and @inodes free
 * inodes, rounded up to MiB.  A little more than mke2fs will really take.
 * Returns 0 when that is more than ext4 can be (16 TiB are allowed here).
 */
uint64_t cfs_ext4_size_for(uint64_t blocks, uint64_t inodes);

/*
 * Makes the empty file system in @fd, a regular file open for reading and
 * writing, which gets the size @params asks for.  Its feature `verity` is on;
 * / and /lost+found belong to root.
 *
 * Errors: -ENOENT when there is no mke2fs, -EIO with what mke2fs said.
 */
int cfs_ext4_mkfs(int fd, const struct cfs_ext4_params *params,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
