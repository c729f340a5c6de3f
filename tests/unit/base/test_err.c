/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/err.h"

#include "tests/test.h"

TEST(context_goes_in_front_and_keeps_the_code)
{
	struct cfs_err err = { 0 };

	CHECK_EQ(cfs_fail(&err, EBADMSG, "digest is %s", "b"), -EBADMSG);
	CHECK_EQ(cfs_ctx(&err, "image %d", 7), -EBADMSG);
	CHECK_STR(err.msg, "image 7: digest is b");
	CHECK_EQ(err.code, EBADMSG);
}

TEST(errno_is_described)
{
	struct cfs_err err = { 0 };

	errno = ENOENT;
	CHECK_EQ(cfs_fail_errno(&err, "open %s", "x"), -ENOENT);
	CHECK_STR(err.msg, "open x: No such file or directory");
}

TEST(memory_that_is_short_has_one_message)
{
	struct cfs_err err = { .code = EINVAL, .cure = "old" };

	CHECK_EQ(cfs_no_memory(&err), -ENOMEM);
	CHECK_EQ(err.code, ENOMEM);
	CHECK_STR(err.msg, "out of memory");
	CHECK(!err.cure);
}

TEST(a_message_too_long_is_cut_not_overrun)
{
	struct cfs_err err = { 0 };
	char longer[3000];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK_EQ(cfs_fail(&err, EINVAL, "%s", longer), -EINVAL);
	CHECK_EQ(strlen(err.msg), sizeof(err.msg) - 1);
	CHECK_EQ(cfs_ctx(&err, "outer"), -EINVAL);
	CHECK_EQ(strncmp(err.msg, "outer: aaa", 10), 0);
	CHECK_EQ(strlen(err.msg), sizeof(err.msg) - 1);
}

TEST(a_message_is_one_line_that_a_terminal_only_shows)
{
	struct cfs_err err = { 0 };

	(void)cfs_fail(&err, EINVAL, "no %s", "a\nb\033[2Jc\x7f\xc3\xa9");
	CHECK_STR(err.msg, "no a?b?[2Jc?\xc3\xa9");
	(void)cfs_fail(&err, EINVAL, "no %s",
		       "\xc2\x9b"
		       "2J\xff");
	CHECK_STR(err.msg, "no ?2J?");
	errno = EIO;
	(void)cfs_fail_errno(&err, "read a\nb");
	CHECK_EQ(strncmp(err.msg, "read a?b: ", 10), 0);
	(void)cfs_fail(&err, EINVAL, "no a?b");
	(void)cfs_ctx(&err, "read %s", "\r");
	CHECK_EQ(strncmp(err.msg, "read ?: no a", 12), 0);
}

TEST(a_character_is_not_cut_in_two)
{
	struct cfs_err err = { 0 };
	char longer[3000] = "";

	for (size_t i = 0; i < 700; i++)
		strcat(longer, "\xe2\x82\xac");
	(void)cfs_fail(&err, EINVAL, "%s", longer);
	for (int i = 0; i < 3; i++) {
		size_t n = strlen(err.msg);

		/* 1023 is three times 341; one byte more in front cuts it. */
		CHECK_EQ(n, sizeof(err.msg) - 1);
		CHECK(err.msg[n - 1] == '\xac' || err.msg[n - 1] == '?');
		(void)cfs_ctx(&err, "%.*s", i, "aaa");
	}
}

TEST(data_stays_with_context_and_goes_with_the_next_failure)
{
	struct cfs_err err = { 0 };

	CHECK_EQ(cfs_fail(&err, EIO, "x"), -EIO);
	CHECK_EQ(cfs_err_path(&err, "a\nb"), -EIO);
	CHECK_EQ(cfs_err_path(&err, "outer"), -EIO);
	CHECK_EQ(cfs_err_cure(&err, "mend it"), -EIO);
	CHECK_EQ(cfs_err_cure(&err, "no, that"), -EIO);
	(void)cfs_ctx(&err, "y");
	CHECK_STR(err.path, "a?b");
	CHECK_STR(err.cure, "mend it");
	(void)cfs_fail(&err, EIO, "z");
	CHECK(!err.path[0] && !err.cure);
	(void)cfs_err_cure(&err, "mend it");
	errno = EPERM;
	(void)cfs_fail_errno(&err, "z");
	CHECK(!err.cure);
}
