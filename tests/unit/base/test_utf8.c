/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/utf8.h"

#include "tests/test.h"

TEST(a_text_is_utf8_as_a_whole)
{
	CHECK(cfs_is_utf8(""));
	CHECK(cfs_is_utf8("abc"));
	CHECK(cfs_is_utf8("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"));
	CHECK(!cfs_is_utf8("\xff"));
	CHECK(!cfs_is_utf8("ab\xc3"));
	CHECK(!cfs_is_utf8("\xc3\xa4\xa4"));
}
