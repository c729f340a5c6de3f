/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/field.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static bool is(struct cfs_bytes got, const char *want, size_t len)
{
	return got.len == len && (len == 0 || memcmp(got.data, want, len) == 0);
}

TEST(a_line_is_split_at_single_spaces)
{
	struct cfs_bytes f[CFS_DUMP_COLUMNS];

	CHECK_EQ(cfs_dump_split(bytes("a b c d e f g h i j k x=1 y=2"), 0, f),
		 11);
	CHECK(is(f[CFS_DUMP_PATH], "a", 1) && is(f[CFS_DUMP_DIGEST], "k", 1));
	CHECK(is(f[CFS_DUMP_XATTRS], "x=1 y=2", 7));
	CHECK_EQ(cfs_dump_split(bytes("a b c d e f g h i j k"), 0, f), 11);
	CHECK(!f[CFS_DUMP_XATTRS].data);
	CHECK_EQ(cfs_dump_split(bytes("a b c d e f g h i j k "), 0, f), 11);
	CHECK(f[CFS_DUMP_XATTRS].data);
	CHECK_EQ(f[CFS_DUMP_XATTRS].len, 0);
	CHECK_EQ(cfs_dump_split(bytes("a  b"), 0, f), 3);
	CHECK_EQ(f[1].len, 0);
	CHECK(is(f[2], "b", 1));
	CHECK_EQ(f[3].len, 0);
	CHECK_EQ(cfs_dump_split(bytes(""), 0, f), 1);
	CHECK_EQ(cfs_dump_split(bytes("i - k"), CFS_DUMP_PAYLOAD, f), 11);
	CHECK(is(f[CFS_DUMP_PAYLOAD], "i", 1) &&
	      is(f[CFS_DUMP_DIGEST], "k", 1));
	CHECK(!f[CFS_DUMP_XATTRS].data);
	CHECK_EQ(cfs_dump_split(bytes("i"), CFS_DUMP_PAYLOAD, f), 9);
}

TEST(nothing_is_taken_of_nothing)
{
	struct cfs_bytes rest = { NULL, 0 }, taken;

	CHECK(!cfs_dump_take(&rest, '.', &taken));
	CHECK(!rest.data);
	CHECK_EQ(rest.len, 0);
	CHECK_EQ(taken.len, 0);
}

TEST(escapes_are_undone)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_bytes got, in = bytes("plain");

	CHECK_EQ(cfs_dump_unescape(in, &buf, &got, &err), 0);
	CHECK_EQ(got.data, in.data);
	CHECK_EQ(cfs_dump_unescape(bytes("\\\\\\n\\r\\t\\x00\\xfF-"), &buf,
				   &got, &err),
		 0);
	CHECK(is(got, "\\\n\r\t\0\xff-", 7));
}

TEST(bad_escapes_are_refused)
{
	static const char *const bad[] = { "\\",    "a\\",  "\\q",
					   "\\x",   "\\x1", "\\xg0",
					   "\\x0g", "\\ ",  "\\X00" };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_bytes got;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_dump_unescape(bytes(bad[i]), &buf, &got, &err),
			 -EINVAL);
}

static uint64_t n;

static int number(struct cfs_bytes field, unsigned base, uint64_t max,
		  bool plus)
{
	const struct cfs_dump_int kind = { "n", base, max, plus };

	return cfs_dump_number(field, &kind, &n, &err);
}

TEST(numbers_are_digits_in_range)
{
	static const char *const bad[] = { "",	  "-1", " 1", "1 ",
					   "0x1", "1a", "+",  "+1" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(number(bytes(bad[i]), 10, UINT64_MAX, false), -EINVAL);
	CHECK_EQ(number(bytes("18446744073709551615"), 10, UINT64_MAX, false),
		 0);
	CHECK_EQ(n, UINT64_MAX);
	CHECK_EQ(number(bytes("18446744073709551616"), 10, UINT64_MAX, false),
		 -ERANGE);
	CHECK_EQ(number(bytes("256"), 10, 255, false), -ERANGE);
	CHECK_EQ(number(bytes("777"), 8, 511, false), 0);
	CHECK_EQ(n, 511);
	CHECK_EQ(number(bytes("8"), 8, 511, false), -EINVAL);
	CHECK_EQ(number(bytes("+5"), 10, 9, true), 0);
	CHECK_EQ(n, 5);
	CHECK_EQ(number(bytes("+"), 10, 9, true), -EINVAL);
}
