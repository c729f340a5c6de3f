/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/prefix.h"

#include <sys/stat.h>

#include "tests/test.h"

TEST(prefixes_are_plain_beginnings)
{
	uint8_t len;

	CHECK_EQ(cfs_erofs_prefix_of("user.a", &cfs_erofs_rules[1], &len), 1);
	CHECK_EQ(len, 5);
	CHECK_EQ(cfs_erofs_prefix_of("user", &cfs_erofs_rules[1], &len), 0);
	CHECK_EQ(len, 0);
	CHECK_EQ(cfs_erofs_prefix_of("system.posix_acl_accessX",
				     &cfs_erofs_rules[1], &len),
		 2);
	CHECK_EQ(len, 23);
	CHECK_EQ(cfs_erofs_prefix_of("system.posix_acl_default",
				     &cfs_erofs_rules[1], &len),
		 3);
	CHECK_EQ(cfs_erofs_prefix_of("security.x", &cfs_erofs_rules[2], &len),
		 6);
	CHECK_EQ(len, 9);
	CHECK_EQ(cfs_erofs_prefix_of("lustre.x", &cfs_erofs_rules[1], &len), 0);
	CHECK_EQ(cfs_erofs_prefix_of("lustre.x", &cfs_erofs_rules[2], &len), 5);
	CHECK_EQ(len, 7);
}

TEST(indexes_have_texts_up_to_the_last)
{
	CHECK_STR(cfs_erofs_prefix_text(4), "trusted.");
	CHECK_STR(cfs_erofs_prefix_text(0), "");
	CHECK(!cfs_erofs_prefix_text(7) && !cfs_erofs_prefix_text(255));
}

TEST(file_types_are_those_of_directory_entries)
{
	CHECK_EQ(cfs_erofs_file_type(S_IFREG | 0644), 1);
	CHECK_EQ(cfs_erofs_file_type(S_IFDIR), 2);
	CHECK_EQ(cfs_erofs_file_type(S_IFCHR), 3);
	CHECK_EQ(cfs_erofs_file_type(S_IFBLK), 4);
	CHECK_EQ(cfs_erofs_file_type(S_IFIFO), 5);
	CHECK_EQ(cfs_erofs_file_type(S_IFSOCK), 6);
	CHECK_EQ(cfs_erofs_file_type(S_IFLNK), 7);
}
