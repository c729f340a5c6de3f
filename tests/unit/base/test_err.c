/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/err.h"

#include "tests/test.h"

TEST(context_goes_in_front_and_keeps_the_code)
{
	struct cfs_err err = { 0 };

	CHECK(cfs_fail(&err, EBADMSG, "digest is %s", "b") == -EBADMSG);
	CHECK(cfs_ctx(&err, "image %d", 7) == -EBADMSG);
	CHECK(strcmp(err.msg, "image 7: digest is b") == 0);
	CHECK(err.code == EBADMSG);
}

TEST(errno_is_described)
{
	struct cfs_err err = { 0 };

	errno = ENOENT;
	CHECK(cfs_fail_errno(&err, "open %s", "x") == -ENOENT);
	CHECK(strcmp(err.msg, "open x: No such file or directory") == 0);
}

TEST(a_message_too_long_is_cut_not_overrun)
{
	struct cfs_err err = { 0 };
	char longer[3000];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK(cfs_fail(&err, EINVAL, "%s", longer) == -EINVAL);
	CHECK(strlen(err.msg) == sizeof(err.msg) - 1);
	CHECK(cfs_ctx(&err, "outer") == -EINVAL);
	CHECK(strncmp(err.msg, "outer: aaa", 10) == 0);
	CHECK(strlen(err.msg) == sizeof(err.msg) - 1);
}
