/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/mkfs.h"

#include "tests/unit/disk/look.h"

TEST(computed_size_has_the_room_asked_for)
{
	static const uint64_t blocks[] = { 1,	    1000,    7000,
					   30000,   60000,   260000,
					   1000000, 4200000, 9000000 };
	static const uint64_t inodes[] = { 1, 300, 10000, 200000 };

	for (size_t b = 0; b < CFS_ARRAY_SIZE(blocks); b++)
		for (size_t i = 0; i < CFS_ARRAY_SIZE(inodes); i++) {
			CFS_AUTOFD int image = image_file();
			uint64_t size = cfs_ext4_size_for(blocks[b], inodes[i]);
			struct cfs_ext4 *fs =
				image_create(image, size, inodes[i]);
			uint64_t there = cfs_ext4_free_blocks(fs);

			printf("# %llu blocks, %llu inodes: %llu MiB, "
			       "%llu free\n",
			       (unsigned long long)blocks[b],
			       (unsigned long long)inodes[i],
			       (unsigned long long)size / MIB,
			       (unsigned long long)there);
			CHECK(there >= blocks[b]);
			CHECK(there <= blocks[b] + blocks[b] / 8 + 30000);
			cfs_ext4_free(fs);
		}
}

TEST(sizes_past_the_limit_are_not_computed)
{
	CHECK_EQ(cfs_ext4_size_for(UINT64_MAX, 1), 0);
	CHECK_EQ(cfs_ext4_size_for(UINT64_C(1) << 32, 1), 0);
	CHECK_EQ(cfs_ext4_size_for(1, UINT64_C(1) << 33), 0);
}

static int mkfs_answer(struct cfs_ext4_params params)
{
	CFS_AUTOFD int image = image_file();

	return cfs_ext4_mkfs(image, &params, &err);
}

TEST(parameters_that_do_not_fit_are_refused)
{
	struct cfs_ext4_params params = image_params(16 * MIB, 16);

	params.label = "seventeen letters";
	CHECK_EQ(mkfs_answer(params), -EINVAL);
	params = image_params(16 * MIB, 16);
	params.time = 0;
	CHECK_EQ(mkfs_answer(params), -EINVAL);
	params.time = (int64_t)CFS_EXT4_TIME_MAX + 1;
	CHECK_EQ(mkfs_answer(params), -EINVAL);
	params = image_params(UINT64_MAX / 4096 * 4096, 16);
	CHECK_EQ(mkfs_answer(params), -EFBIG);
	params = image_params(16 * MIB, UINT64_MAX);
	CHECK_EQ(mkfs_answer(params), -EFBIG);
}

TEST(words_of_mke2fs_are_passed_on)
{
	struct cfs_ext4_params params = image_params(4096, 16);

	CHECK_EQ(mkfs_answer(params), -EIO);
	CHECK(strstr(err.msg, "mke2fs failed"));
	CHECK(!strchr(err.msg, '\n'));
	printf("# %s\n", err.msg);
}

TEST(missing_mke2fs_is_named)
{
	struct cfs_ext4_params params = image_params(16 * MIB, 16);

	/* The places outside PATH cannot be taken away. */
	if (access("/usr/sbin/mke2fs", F_OK) == 0 ||
	    access("/sbin/mke2fs", F_OK) == 0)
		return;
	CHECK_EQ(setenv("PATH", "/nonexistent", 1), 0);
	CHECK_EQ(mkfs_answer(params), -ENOENT);
	CHECK(strstr(err.msg, "e2fsprogs"));
}

TEST(any_path_finds_mke2fs_in_sbin)
{
	struct cfs_ext4_params params = image_params(16 * MIB, 16);

	CHECK_EQ(setenv("PATH", "/nonexistent", 1), 0);
	CHECK_EQ(mkfs_answer(params), 0);
	CHECK_EQ(unsetenv("PATH"), 0);
}
