/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/fields.h"

#include "tests/test.h"

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

TEST(bytes_are_a_text_if_all_of_them_are)
{
	const struct cfs_bytes none = { 0 };

	CHECK(cfs_bytes_are(bytes("ab"), "ab"));
	CHECK(!cfs_bytes_are(bytes("ab"), "a"));
	CHECK(!cfs_bytes_are(bytes("ab"), "abc"));
	CHECK(!cfs_bytes_are(bytes("ab"), "ax"));
	CHECK(!cfs_bytes_are(((struct cfs_bytes){ (const uint8_t *)"a", 2 }),
			     "a"));
	CHECK(cfs_bytes_are(none, ""));
	CHECK(!cfs_bytes_are(none, "a"));
}

TEST(fields_are_cut_off_one_after_the_other)
{
	struct cfs_bytes rest = bytes("a::bc"), none = { 0 };

	CHECK(cfs_bytes_are(cfs_bytes_field(&rest, ':'), "a"));
	CHECK(cfs_bytes_are(rest, ":bc"));
	CHECK(cfs_bytes_are(cfs_bytes_field(&rest, ':'), ""));
	CHECK(cfs_bytes_are(cfs_bytes_field(&rest, ':'), "bc"));
	CHECK_EQ(rest.len, 0);
	CHECK_EQ(cfs_bytes_field(&rest, ':').len, 0);
	CHECK_EQ(cfs_bytes_field(&none, ':').len, 0);
}

TEST(an_end_behind_the_last_field_leaves_nothing)
{
	struct cfs_bytes rest = bytes("a\n");

	CHECK(cfs_bytes_are(cfs_bytes_field(&rest, '\n'), "a"));
	CHECK_EQ(rest.len, 0);
}
