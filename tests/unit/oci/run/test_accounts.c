/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/accounts.h"

#include <errno.h>

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static const char passwd[] = "root:x:0:0::/root:/bin/sh\n"
			     "\n"
			     "a:x:1:2:\n"
			     "a:x:4294967295:2::/:/bin/sh\n"
			     "a:x:-1:2::/:/bin/sh\n"
			     "a:x:1:2::/a:/bin/sh:more\n"
			     "a:x:1:2::/a:/bin/sh\n"
			     "a:x:0:0::/:/bin/sh\n"
			     "7:x:0:0::/:/bin/sh\n"
			     "b:x:3:3::b:/bin/sh";
static const char group[] = "root:x:0:\n"
			    "g:x:10:a,b\n"
			    "h:x:9:b,a\n"
			    "i:x:9:a\n"
			    "j:x:2:a\n"
			    "k:x:11:aa,,\n"
			    "l:x:4294967296:a\n"
			    "m:x:12:a:\n"
			    "n:x:13:a";

static int find(const char *user, struct cfs_account *ret)
{
	return cfs_account_find(user, bytes(passwd), bytes(group), ret, &err);
}

TEST(the_first_valid_line_of_a_name_counts)
{
	CFS_AUTOACCOUNT struct cfs_account a = { 0 };

	CHECK_EQ(find("a", &a), 0);
	CHECK_EQ(a.uid, 1);
	CHECK_EQ(a.gid, 2);
	CHECK_STR(a.home, "/a");
	CHECK_EQ(a.groups.n, 3);
	CHECK_EQ(a.groups.v[0], 9);
	CHECK_EQ(a.groups.v[1], 10);
	CHECK_EQ(a.groups.v[2], 13);
}

TEST(digits_are_a_number_and_never_a_name)
{
	CFS_AUTOACCOUNT struct cfs_account a = { 0 }, b = { 0 }, c = { 0 };

	CHECK_EQ(find("7", &a), 0);
	CHECK_EQ(a.uid, 7);
	CHECK_EQ(a.gid, 0);
	CHECK_STR(a.home, "");
	CHECK_EQ(find("3", &b), 0);
	CHECK_EQ(b.gid, 3);
	CHECK_EQ(b.groups.n, 2);
	CHECK_EQ(find("", &c), 0);
	CHECK_EQ(c.uid, 0);
	CHECK_STR(c.home, "/root");
}

TEST(a_group_that_is_given_is_the_only_one)
{
	CFS_AUTOACCOUNT struct cfs_account a = { 0 };

	CHECK_EQ(find("a:g", &a), 0);
	CHECK_EQ(a.gid, 10);
	CHECK_EQ(a.groups.n, 0);
	CHECK_EQ(find("a:77", &a), 0);
	CHECK_EQ(a.gid, 77);
}

TEST(names_that_are_not_there_and_numbers_too_large_are_errors)
{
	struct cfs_account a = { .uid = 42 };

	CHECK_EQ(find("z", &a), -ENOENT);
	CHECK_EQ(find("a:z", &a), -ENOENT);
	CHECK_EQ(find("a:l", &a), -ENOENT);
	CHECK_EQ(find("-1", &a), -ENOENT);
	CHECK_EQ(find("4294967295", &a), -EINVAL);
	CHECK_EQ(find("18446744073709551616", &a), -EINVAL);
	CHECK_EQ(find("0:4294967295", &a), -EINVAL);
	CHECK_EQ(find(":", &a), -EINVAL);
	CHECK_EQ(find(":0", &a), -EINVAL);
	CHECK_EQ(find("0:", &a), -EINVAL);
	CHECK_EQ(a.uid, 42);
}
