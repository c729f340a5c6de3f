/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/buf.h"

#include "tests/test.h"

TEST(appends_follow_each_other)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_err err = { 0 };

	cfs_buf_add(&buf, "ab", 2);
	cfs_buf_addc(&buf, 'c');
	cfs_buf_addz(&buf, 2);
	cfs_buf_adds(&buf, "de");
	cfs_buf_addf(&buf, "-%d-", 42);
	CHECK_EQ(cfs_buf_check(&buf, &err), 0);
	CHECK_EQ(buf.len, 11);
	CHECK_MEM(buf.data, "abc\0\0de-42-", 11);
}

TEST(it_grows_over_many_doublings)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	for (int i = 0; i < 100000; i++)
		cfs_buf_addc(&buf, (char)i);
	CHECK_EQ(buf.len, 100000);
	CHECK(!buf.failed);
	CHECK_EQ(buf.data[99999], (uint8_t)99999);
}

TEST(a_failure_sticks_and_keeps_what_was_there)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_err err = { 0 };

	cfs_buf_adds(&buf, "kept");
	CHECK(!cfs_buf_reserve(&buf, SIZE_MAX));
	cfs_buf_adds(&buf, "lost");
	cfs_buf_addf(&buf, "%s", "lost");
	CHECK_EQ(buf.len, 4);
	CHECK_MEM(buf.data, "kept", 4);
	CHECK_EQ(cfs_buf_check(&buf, &err), -ENOMEM);
	CHECK(cfs_buf_text(&buf) == NULL);
}

TEST(text_is_terminated_and_the_nul_does_not_count)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	CHECK_STR(cfs_buf_text(&buf), "");
	CHECK_EQ(buf.len, 0);
	cfs_buf_adds(&buf, "x");
	CHECK_STR(cfs_buf_text(&buf), "x");
	CHECK_EQ(buf.len, 1);
}

TEST(freeing_twice_or_nothing_is_fine)
{
	struct cfs_buf buf = { 0 };

	cfs_buf_free(NULL);
	cfs_buf_adds(&buf, "x");
	cfs_buf_free(&buf);
	cfs_buf_free(&buf);
	CHECK(buf.data == NULL);
	CHECK_EQ(buf.len, 0);
}
