/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/name.h"

#include "tests/test.h"

static struct cfs_err err;

TEST(ordinary_names_are_taken)
{
	CHECK_EQ(cfs_name_check("my-image", &err), 0);
	CHECK_EQ(cfs_name_check("a/b/c:1.2_x@y", &err), 0);
	CHECK_EQ(cfs_name_check("...", &err), 0);
	CHECK_EQ(cfs_name_check(".hidden/..two", &err), 0);
	CHECK_EQ(cfs_name_check("refs", &err), 0);
}

TEST(names_that_lead_elsewhere_are_refused)
{
	static const char *const names[] = {
		"",   "/",    "/a",   "a/",    "a//b",	 ".",
		"..", "a/..", "../a", "a/./b", "a/../b", "../../etc/x",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		CHECK_EQ(cfs_name_check(names[i], &err), -EINVAL);
}

TEST(names_of_temporary_files_are_refused)
{
	CHECK_EQ(cfs_name_check(".tmp-1", &err), -EINVAL);
	CHECK_EQ(cfs_name_check("a/.tmp-", &err), -EINVAL);
	CHECK_EQ(cfs_name_check(".tmp", &err), 0);
}

TEST(lengths_are_bounded)
{
	char name[CFS_REF_MAX + 1];

	memset(name, 'a', sizeof(name));
	name[CFS_REF_COMPONENT] = '\0';
	CHECK_EQ(cfs_name_check(name, &err), 0);
	name[CFS_REF_COMPONENT] = 'a';
	name[CFS_REF_COMPONENT + 1] = '\0';
	CHECK_EQ(cfs_name_check(name, &err), -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '/' : 'a';
	name[CFS_REF_MAX] = '\0';
	CHECK_EQ(cfs_name_check(name, &err), -ENAMETOOLONG);
	name[CFS_REF_MAX - 1] = '\0';
	CHECK_EQ(cfs_name_check(name, &err), 0);
}

TEST(what_commands_take_for_a_digest_is_no_name_for_a_new_image)
{
	static const char hex[] = "0123456789abcdefABCDEF0123456789"
				  "0123456789abcdef0123456789abcdef";
	char name[300];

	CHECK_EQ(cfs_name_check_new(hex, &err), -EINVAL);
	CHECK(strstr(err.msg, "is the digest of an image wherever"));
	snprintf(name, sizeof(name), "%s%s", hex, hex);
	CHECK_EQ(cfs_name_check_new(name, &err), -EINVAL);
	CHECK_EQ(cfs_name_check_new("sha256:0123456789ab", &err), -EINVAL);
	snprintf(name, sizeof(name), "sha512:%s", hex);
	CHECK_EQ(cfs_name_check_new(name, &err), -EINVAL);
	/* They can still be read where another program made them. */
	CHECK_EQ(cfs_name_check(hex, &err), 0);
	CHECK_EQ(cfs_name_check("sha256:0123456789ab", &err), 0);
}

TEST(other_names_of_digits_are_names)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef"
				  "0123456789abcdef0123456789abcdef";
	char name[300];

	CHECK_EQ(cfs_name_check_new("0123456789ab", &err), 0);
	CHECK_EQ(cfs_name_check_new(hex + 1, &err), 0);
	snprintf(name, sizeof(name), "%s0", hex);
	CHECK_EQ(cfs_name_check_new(name, &err), 0);
	snprintf(name, sizeof(name), "os/%s", hex);
	CHECK_EQ(cfs_name_check_new(name, &err), 0);
	snprintf(name, sizeof(name), "%.63sg", hex);
	CHECK_EQ(cfs_name_check_new(name, &err), 0);
	CHECK_EQ(cfs_name_check_new("sha256:latest", &err), 0);
	CHECK_EQ(cfs_name_check_new("sha256", &err), 0);
}

TEST(the_place_of_names_is_no_part_of_a_new_one)
{
	CHECK_EQ(cfs_name_check_new("refs/a", &err), -EINVAL);
	CHECK(strstr(err.msg, "leave out refs/"));
	CHECK_EQ(cfs_name_check_new("a/refs/b", &err), 0);
	CHECK_EQ(cfs_name_check_new("refs", &err), 0);
}
