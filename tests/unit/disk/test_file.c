/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/file.h"

#include "tests/unit/disk/look.h"

TEST(thousand_extents_make_a_deep_tree)
{
	CFS_AUTOFD int image = image_file();
	struct cfs_ext4 *fs = image_create(image, 32 * MIB, 16);
	struct cfs_ext4_file file;
	struct ext2_inode inode;
	uint8_t block[4096];
	ext2_filsys e2;
	ext2_ino_t ino;

	CHECK(cfs_ext4_file_begin(fs, 0644, &file, &err) == 0);
	for (uint64_t i = 0; i < 1000; i++) {
		uint8_t byte = (uint8_t)(i % 255 + 1);

		CHECK(cfs_ext4_file_put(&file, 3 * i,
					(struct cfs_bytes){ &byte, 1 },
					&err) == 0);
	}
	CHECK(cfs_ext4_file_end(&file, 3 * 999 * 4096 + 1, 0, &err) == 0);
	CHECK(cfs_ext4_link(fs, CFS_EXT4_ROOT, "f", file.ino, EXT2_FT_REG_FILE,
			    &err) == 0);
	cfs_ext4_file_free(&file);
	e2 = image_reopen(fs, image);
	ino = image_inode(e2, "/f", &inode);
	for (uint64_t i = 0; i < 1000; i++) {
		CHECK(image_block(e2, ino, 3 * i, block));
		CHECK(block[0] == i % 255 + 1 && block[1] == 0);
		CHECK(!image_block(e2, ino, 3 * i + 1, block));
	}
	ext2fs_free(e2);
}

TEST(file_over_one_extent_is_split)
{
	/* Zeroes, so that the 300 MiB stay sparse. */
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(0);
	struct cfs_ext4 *fs = image_create(image, 400 * MIB, 16);
	struct ext2_inode inode;
	uint8_t block[4096];
	ext2_filsys e2;
	ext2_ino_t ino;
	struct stat st;

	CHECK(ftruncate(source, 300 * MIB) == 0);
	CHECK(cfs_ext4_add_file(fs, CFS_EXT4_ROOT, "f", 0644, source, &err) ==
	      0);
	e2 = image_reopen(fs, image);
	ino = image_inode(e2, "/f", &inode);
	CHECK(EXT2_I_SIZE(&inode) == 300 * MIB);
	CHECK(image_block(e2, ino, 300 * 256 - 1, block));
	CHECK(block[0] == 0);
	CHECK(fstat(image, &st) == 0 && st.st_blocks < 100 * MIB / 512);
	ext2fs_free(e2);
}

TEST(file_without_a_name_is_not_there)
{
	/* What e2fsck finds when a file was begun and not linked. */
	CFS_AUTOFD int image = image_file();
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct cfs_ext4_file file;

	CHECK(cfs_ext4_file_begin(fs, 0644, &file, &err) == 0);
	CHECK(cfs_ext4_file_end(&file, 0, 0, &err) == 0);
	cfs_ext4_file_free(&file);
	CHECK(cfs_ext4_finish(fs, &err) == 0);
	cfs_ext4_free(fs);
	CHECK(image_run(image, "e2fsck -fn >/dev/null") != 0);
}
