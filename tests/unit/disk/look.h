/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An ext4 image in an unlinked file, and looking into it without the code
 * under test: libext2fs' own readers and e2fsck.
 */
#ifndef CFS_TESTS_UNIT_DISK_LOOK_H
#define CFS_TESTS_UNIT_DISK_LOOK_H

#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/io.h"
#include "disk/ext4.h"
#include "tests/test.h"

#define MIB (1u << 20)

static struct cfs_err err;

static inline int image_file(void)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static inline struct cfs_ext4_params image_params(uint64_t size,
						  uint64_t inodes)
{
	return (struct cfs_ext4_params){
		.size = size,
		.inodes = inodes,
		.uuid = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef, 0x80,
			  1, 2, 3, 4, 5, 6, 7 },
		.label = "test",
		.time = 1700000000,
	};
}

static inline struct cfs_ext4 *image_create(int fd, uint64_t size,
					    uint64_t inodes)
{
	struct cfs_ext4_params params = image_params(size, inodes);
	struct cfs_ext4 *fs = NULL;

	CHECK_EQ(cfs_ext4_create(fd, &params, &fs, &err), 0);
	return fs;
}

/* A file of @size bytes whose block n is filled with a value of n. */
static inline int image_source(uint64_t size)
{
	static uint8_t buf[MIB];
	int fd = memfd_create("source", MFD_CLOEXEC);

	CHECK(fd >= 0);
	for (uint64_t at = 0; at < size; at += MIB) {
		size_t n = size - at < MIB ? (size_t)(size - at) : MIB;

		for (size_t i = 0; i < n; i += 4096)
			memset(buf + i, (int)((at + i) / 4096 % 251 + 1),
			       n - i < 4096 ? n - i : 4096);
		CHECK_EQ(cfs_write_full(fd, buf, n), 0);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline int image_run(int fd, const char *tool)
{
	char command[256];
	int r;

	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/sbin:/sbin; %s /proc/%d/fd/%d 2>&1", tool,
		 (int)getpid(), fd);
	r = system(command);
	return r;
}

/* Finishes @fs, has e2fsck look it over and opens it for reading. */
static inline ext2_filsys image_reopen(struct cfs_ext4 *fs, int fd)
{
	char path[64];
	ext2_filsys ret;

	CHECK_EQ(cfs_ext4_finish(fs, &err), 0);
	cfs_ext4_free(fs);
	CHECK_EQ(image_run(fd, "e2fsck -fn >/dev/null"), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_EQ(ext2fs_open(path, EXT2_FLAG_64BITS, 0, 0, unix_io_manager,
			     &ret),
		 0);
	return ret;
}

static inline ext2_ino_t image_inode(ext2_filsys fs, const char *path,
				     struct ext2_inode *ret)
{
	ext2_ino_t ino;

	CHECK_EQ(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino), 0);
	CHECK_EQ(ext2fs_read_inode(fs, ino, ret), 0);
	return ino;
}

/* Reads logical block @block of @ino; returns false when it is a hole. */
static inline bool image_block(ext2_filsys fs, ext2_ino_t ino, uint64_t block,
			       uint8_t *ret)
{
	blk64_t at = 0;

	CHECK_EQ(ext2fs_bmap2(fs, ino, NULL, NULL, 0, block, NULL, &at), 0);
	if (at == 0)
		return false;
	CHECK_EQ(io_channel_read_blk64(fs->io, at, 1, ret), 0);
	return true;
}

#endif
