/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/name.h"

#include "tests/test.h"

static struct cfs_err err;

TEST(ordinary_names_are_taken)
{
	CHECK(cfs_name_check("my-image", &err) == 0);
	CHECK(cfs_name_check("a/b/c:1.2_x@y", &err) == 0);
	CHECK(cfs_name_check("...", &err) == 0);
	CHECK(cfs_name_check(".hidden/..two", &err) == 0);
	CHECK(cfs_name_check("refs", &err) == 0);
}

TEST(names_that_lead_elsewhere_are_refused)
{
	static const char *const names[] = {
		"",   "/",    "/a",   "a/",    "a//b",	 ".",
		"..", "a/..", "../a", "a/./b", "a/../b", "../../etc/x",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		CHECK(cfs_name_check(names[i], &err) == -EINVAL);
}

TEST(names_of_temporary_files_are_refused)
{
	CHECK(cfs_name_check(".tmp-1", &err) == -EINVAL);
	CHECK(cfs_name_check("a/.tmp-", &err) == -EINVAL);
	CHECK(cfs_name_check(".tmp", &err) == 0);
}

TEST(lengths_are_bounded)
{
	char name[CFS_REF_MAX + 1];

	memset(name, 'a', sizeof(name));
	name[CFS_REF_COMPONENT] = '\0';
	CHECK(cfs_name_check(name, &err) == 0);
	name[CFS_REF_COMPONENT] = 'a';
	name[CFS_REF_COMPONENT + 1] = '\0';
	CHECK(cfs_name_check(name, &err) == -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '/' : 'a';
	name[CFS_REF_MAX] = '\0';
	CHECK(cfs_name_check(name, &err) == -ENAMETOOLONG);
	name[CFS_REF_MAX - 1] = '\0';
	CHECK(cfs_name_check(name, &err) == 0);
}
