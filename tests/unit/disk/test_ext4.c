/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/disk/look.h"

#include <sys/stat.h>

static const char long_target[] =
	"../objects/00/0123456789abcdef0123456789abcdef0123456789abcdef0123";

TEST(root_and_lost_and_found_belong_to_root)
{
	CFS_AUTOFD int image = image_file();
	ext2_filsys e2 = image_reopen(image_create(image, 16 * MIB, 16), image);
	struct ext2_inode inode;

	(void)image_inode(e2, "/", &inode);
	CHECK_EQ(inode_uid(inode), 0);
	CHECK_EQ(inode_gid(inode), 0);
	CHECK_EQ(inode.i_mode, (LINUX_S_IFDIR | 0755));
	(void)image_inode(e2, "/lost+found", &inode);
	CHECK_EQ(inode_uid(inode), 0);
	CHECK_EQ(inode.i_mtime, 1700000000);
	CHECK_STR((char *)e2->super->s_volume_name, "test");
	CHECK_EQ(e2->super->s_uuid[0], 0x12);
	CHECK(ext2fs_has_feature_verity(e2->super));
	CHECK(!ext2fs_has_feature_csum_seed(e2->super));
	ext2fs_free(e2);
}

TEST(directories_keep_their_mode)
{
	static const mode_t modes[] = { 0755, 0700, 01777, 02555, 0 };
	CFS_AUTOFD int image = image_file();
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 64);
	uint32_t ino = CFS_EXT4_ROOT, found;
	struct ext2_inode inode;
	ext2_filsys e2;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(modes); i++)
		CHECK_EQ(cfs_ext4_mkdir(fs, ino, "d", modes[i], &ino, &err), 0);
	CHECK_EQ(cfs_ext4_lookup(fs, CFS_EXT4_ROOT, "d", &found, &err), 1);
	CHECK_EQ(cfs_ext4_lookup(fs, CFS_EXT4_ROOT, "e", &found, &err), 0);
	e2 = image_reopen(fs, image);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(modes); i++) {
		char path[16] = "";

		for (size_t n = 0; n <= i; n++)
			strcat(path, "/d");
		(void)image_inode(e2, path, &inode);
		CHECK_EQ(inode.i_mode, (LINUX_S_IFDIR | modes[i]));
	}
	ext2fs_free(e2);
}

TEST(directory_grows_to_5000_entries)
{
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(0);
	struct cfs_ext4 *fs = image_create(image, 64 * MIB, 9000);
	struct ext2_inode inode;
	uint32_t dir, ino;
	ext2_filsys e2;
	char name[80];

	CHECK_EQ(cfs_ext4_mkdir(fs, CFS_EXT4_ROOT, "d", 0755, &dir, &err), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%060d", i);
		if (i % 3 == 0)
			CHECK_EQ(cfs_ext4_symlink(fs, dir, name, long_target,
						  &err),
				 0);
		else if (i % 3 == 1)
			CHECK_EQ(cfs_ext4_add_file(
					 fs,
					 &(struct cfs_ext4_new){ dir, name,
								 0644, source },
					 &err),
				 0);
		else
			CHECK_EQ(
				cfs_ext4_mkdir(fs, dir, name, 0755, &ino, &err),
				0);
	}
	e2 = image_reopen(fs, image);
	snprintf(name, sizeof(name), "/d/%060d", 4999);
	(void)image_inode(e2, name, &inode);
	CHECK(LINUX_S_ISREG(inode.i_mode));
	(void)image_inode(e2, "/d", &inode);
	CHECK_EQ(inode.i_links_count, 2 + 1666);
	ext2fs_free(e2);
}

TEST(links_short_and_long)
{
	CFS_AUTOFD int image = image_file();
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct ext2_inode inode;
	uint8_t block[4096];
	ext2_filsys e2;
	ext2_ino_t ino;

	CHECK_EQ(cfs_ext4_symlink(fs, CFS_EXT4_ROOT, "s", "short", &err), 0);
	CHECK_EQ(cfs_ext4_symlink(fs, CFS_EXT4_ROOT, "l", long_target, &err),
		 0);
	e2 = image_reopen(fs, image);
	CHECK_EQ(ext2fs_lookup(e2, EXT2_ROOT_INO, "s", 1, NULL, &ino), 0);
	CHECK_EQ(ext2fs_read_inode(e2, ino, &inode), 0);
	CHECK_EQ(inode.i_mode, (LINUX_S_IFLNK | 0777));
	CHECK_MEM(inode.i_block, "short", 6);
	CHECK_EQ(ext2fs_lookup(e2, EXT2_ROOT_INO, "l", 1, NULL, &ino), 0);
	CHECK(image_block(e2, ino, 0, block));
	CHECK_MEM(block, long_target, sizeof(long_target));
	ext2fs_free(e2);
}

TEST(names_that_are_none_are_refused)
{
	static const char *const bad[] = { "", ".", "..", "a/b" };
	CFS_AUTOFD int image = image_file();
	CFS_AUTO(cfs_ext4_free)
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	char name[257] = "";
	uint32_t ino = 7;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_ext4_mkdir(fs, CFS_EXT4_ROOT, bad[i], 0755, &ino,
					&err),
			 -EINVAL);
	memset(name, 'x', 256);
	CHECK_EQ(cfs_ext4_symlink(fs, CFS_EXT4_ROOT, name, "t", &err),
		 -ENAMETOOLONG);
	CHECK_EQ(ino, 7);
}

TEST(names_that_are_taken_are_refused)
{
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(1);
	CFS_AUTO(cfs_ext4_free)
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	uint32_t ino;

	CHECK_EQ(cfs_ext4_symlink(fs, CFS_EXT4_ROOT, "x", "t", &err), 0);
	CHECK_EQ(cfs_ext4_mkdir(fs, CFS_EXT4_ROOT, "x", 0755, &ino, &err),
		 -EEXIST);
	CHECK_EQ(cfs_ext4_symlink(fs, CFS_EXT4_ROOT, "x", "t", &err), -EEXIST);
	CHECK_EQ(cfs_ext4_add_file(fs,
				   &(struct cfs_ext4_new){ CFS_EXT4_ROOT, "x",
							   0644, source },
				   &err),
		 -EEXIST);
	CHECK(strstr(err.msg, "x already exists"));
}

TEST(full_image_is_no_space)
{
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(20 * MIB);
	CFS_AUTO(cfs_ext4_free)
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);

	CHECK_EQ(cfs_ext4_add_file(fs,
				   &(struct cfs_ext4_new){ CFS_EXT4_ROOT, "f",
							   0644, source },
				   &err),
		 -ENOSPC);
	CHECK(strstr(err.msg, "the image is full"));
}

TEST(equal_calls_make_equal_bytes)
{
	struct cfs_buf bytes[2] = { 0 };

	for (int i = 0; i < 2; i++) {
		CFS_AUTOFD int image = image_file();
		CFS_AUTOFD int source = image_source(3 * MIB + 1);
		struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
		struct cfs_digest got;
		uint32_t dir;

		CHECK_EQ(cfs_ext4_mkdir(fs, CFS_EXT4_ROOT, "d", 0700, &dir,
					&err),
			 0);
		CHECK_EQ(cfs_ext4_symlink(fs, dir, "l", long_target, &err), 0);
		CHECK_EQ(cfs_ext4_add_verity(
				 fs,
				 &(struct cfs_ext4_new){ dir, "f", 0644,
							 source },
				 &(struct cfs_ext4_verity){
					 CFS_ALG_SHA512,
					 (struct cfs_bytes){ NULL, 0 }, NULL },
				 &got, &err),
			 0);
		ext2fs_free(image_reopen(fs, image));
		CHECK_EQ(lseek(image, 0, SEEK_SET), 0);
		CHECK_EQ(cfs_read_all(image, 32 * MIB, &bytes[i]), 0);
		/* A second may pass between the two. */
		(void)umask(i ? 022 : 0777);
		if (i == 0)
			(void)sleep(1);
	}
	CHECK_EQ(bytes[0].len, 16 * MIB);
	CHECK_EQ(bytes[1].len, 16 * MIB);
	CHECK_MEM(bytes[0].data, bytes[1].data, 16 * MIB);
	cfs_buf_free(&bytes[0]);
	cfs_buf_free(&bytes[1]);
}
