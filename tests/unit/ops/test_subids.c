/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/subids.h"

#include <string.h>

#include "tests/test.h"

/* Is the first range of user "web", 101, in @text that one? */
static bool finds(const char *text, uint32_t first, uint32_t n)
{
	struct cfs_bytes file = { (const uint8_t *)text, strlen(text) };
	struct cfs_subids ids;

	return cfs_subids_find(file, "web", 101, &ids) == 1 &&
	       ids.first == first && ids.n == n;
}

static bool has_none(const char *text)
{
	struct cfs_bytes file = { (const uint8_t *)text, strlen(text) };
	struct cfs_subids ids;

	return cfs_subids_find(file, "web", 101, &ids) == 0;
}

TEST(a_range_is_found_by_name_or_number_also_without_a_last_newline)
{
	CHECK(finds("root:1:1\nweb:100000:65536\n", 100000, 65536));
	CHECK(finds("101:100000:65536", 100000, 65536));
	CHECK(finds("web:5:6\nweb:7:8\n", 5, 6));
	CHECK(finds("web:1:4294967294", 1, 4294967294u));
}

TEST(a_user_without_a_line_has_none)
{
	CHECK(has_none(""));
	CHECK(has_none("\n\n"));
	CHECK(has_none("we:1:2\nwebs:1:2\n1011:1:2\n10:1:2\n:1:2\n"));
}

TEST(without_a_name_only_the_number_counts)
{
	static const char text[] = "web:5:6\n101:7:8\n";
	struct cfs_bytes file = { (const uint8_t *)text, strlen(text) };
	struct cfs_subids ids = { 0 };

	CHECK_EQ(cfs_subids_find(file, NULL, 101, &ids), 1);
	CHECK_EQ(ids.first, 7);
}

TEST(lines_that_name_no_ids_are_ignored)
{
	static const char *const lines[] = {
		"web",
		"web:",
		"web:1",
		"web:1:",
		"web::5",
		"web:x:5",
		"web:1:5:",
		"web:1:5 ",
		"web: 1:5",
		"web:-1:5",
		"web:1:0",
		"web:0:5",
		"web:1:+5",
		"web:2:4294967294",
		"web:4294967296:1",
		"web:1:18446744073709551617",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lines); i++) {
		char both[100];

		CHECK(has_none(lines[i]));
		snprintf(both, sizeof(both), "%s\nweb:9:9\n", lines[i]);
		CHECK(finds(both, 9, 9));
	}
}
