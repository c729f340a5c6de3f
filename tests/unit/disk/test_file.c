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

	CHECK_EQ(cfs_ext4_file_begin(fs, 0644, &file, &err), 0);
	for (uint64_t i = 0; i < 1000; i++) {
		uint8_t byte = (uint8_t)(i % 255 + 1);

		CHECK_EQ(cfs_ext4_file_put(&file, 3 * i,
					   (struct cfs_bytes){ &byte, 1 },
					   &err),
			 0);
	}
	CHECK_EQ(cfs_ext4_file_end(&file, 3 * 999 * 4096 + 1, 0, &err), 0);
	CHECK_EQ(cfs_ext4_link(fs, CFS_EXT4_ROOT, "f", file.ino,
			       EXT2_FT_REG_FILE, &err),
		 0);
	cfs_ext4_file_free(&file);
	e2 = image_reopen(fs, image);
	ino = image_inode(e2, "/f", &inode);
	for (uint64_t i = 0; i < 1000; i++) {
		CHECK(image_block(e2, ino, 3 * i, block));
		CHECK_EQ(block[0], i % 255 + 1);
		CHECK_EQ(block[1], 0);
		CHECK(!image_block(e2, ino, 3 * i + 1, block));
	}
	ext2fs_free(e2);
}

TEST(file_over_one_extent_is_split)
{
	/* One holds 128 MiB. */
	static uint8_t data[MIB];
	CFS_AUTOFD int image = image_file();
	struct cfs_ext4 *fs = image_create(image, 160 * MIB, 16);
	struct cfs_ext4_file file;
	struct ext2_inode inode;
	uint8_t block[4096];
	ext2_filsys e2;
	ext2_ino_t ino;

	memset(data, 0x5a, sizeof(data));
	CHECK_EQ(cfs_ext4_file_begin(fs, 0644, &file, &err), 0);
	for (uint64_t i = 0; i < 130; i++)
		CHECK_EQ(cfs_ext4_file_put(&file, i * 256,
					   (struct cfs_bytes){ data, MIB },
					   &err),
			 0);
	CHECK_EQ(cfs_ext4_file_end(&file, 130 * MIB, 0, &err), 0);
	CHECK_EQ(cfs_ext4_link(fs, CFS_EXT4_ROOT, "f", file.ino,
			       EXT2_FT_REG_FILE, &err),
		 0);
	cfs_ext4_file_free(&file);
	e2 = image_reopen(fs, image);
	ino = image_inode(e2, "/f", &inode);
	CHECK_EQ(EXT2_I_SIZE(&inode), 130 * MIB);
	CHECK(image_block(e2, ino, 130 * 256 - 1, block));
	CHECK_MEM(block, data, sizeof(block));
	ext2fs_free(e2);
}

TEST(blocks_of_zeros_are_holes)
{
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(0);
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct ext2_inode inode;
	uint8_t block[4096];
	ext2_filsys e2;
	ext2_ino_t ino;

	/* Larger than the image: a byte in the blocks 0 and 5 and at the end,
	 * block 9 is zeros and no hole of the source. */
	CHECK_EQ(ftruncate(source, 300 * MIB + 7), 0);
	CHECK_EQ(pwrite(source, "a", 1, 1), 1);
	CHECK_EQ(pwrite(source, "b", 1, 5 * 4096 + 4095), 1);
	CHECK_EQ(pwrite(source, "\0", 1, 9 * 4096), 1);
	CHECK_EQ(pwrite(source, "c", 1, 300 * MIB + 6), 1);
	CHECK_EQ(cfs_ext4_add_file(fs,
				   &(struct cfs_ext4_new){ CFS_EXT4_ROOT, "f",
							   0644, source },
				   &err),
		 0);
	e2 = image_reopen(fs, image);
	ino = image_inode(e2, "/f", &inode);
	CHECK_EQ(EXT2_I_SIZE(&inode), 300 * MIB + 7);
	CHECK_EQ(inode.i_blocks, 3 * 8);
	CHECK(image_block(e2, ino, 0, block));
	CHECK_EQ(block[1], 'a');
	CHECK(image_block(e2, ino, 5, block));
	CHECK_EQ(block[4095], 'b');
	CHECK(image_block(e2, ino, 300 * 256, block));
	CHECK_EQ(block[6], 'c');
	CHECK(!image_block(e2, ino, 1, block));
	CHECK(!image_block(e2, ino, 9, block));
	ext2fs_free(e2);
}

TEST(file_without_a_name_is_not_there)
{
	/* What e2fsck finds when a file was begun and not linked. */
	CFS_AUTOFD int image = image_file();
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct cfs_ext4_file file;

	CHECK_EQ(cfs_ext4_file_begin(fs, 0644, &file, &err), 0);
	CHECK_EQ(cfs_ext4_file_end(&file, 0, 0, &err), 0);
	cfs_ext4_file_free(&file);
	CHECK_EQ(cfs_ext4_finish(fs, &err), 0);
	cfs_ext4_free(fs);
	CHECK(image_run(image, "e2fsck -fn >/dev/null") != 0);
}
