/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/progress_parts.h"

#include "tests/test.h"

static struct cfs_progress_parts parts = CFS_PROGRESS_PARTS_INIT;

static void says(size_t n, const char *want)
{
	char text[CFS_PROGRESS_PART_TEXT_MAX];

	cmd_progress_part_text(&parts.part[n], text);
	CHECK_STR(text, want);
}

TEST(a_part_says_how_far_it_is)
{
	cmd_progress_part_begin(&parts, 7, "4f53cda18c2b", 4096);
	says(0, "  4f53cda18c2b  0 B of 4.00 KiB (0 %)");
	cmd_progress_part_bytes(&parts, 7, 1024);
	says(0, "  4f53cda18c2b  1.00 KiB of 4.00 KiB (25 %)");
	cmd_progress_part_bytes(&parts, 7, 4096);
	says(0, "  4f53cda18c2b  5.00 KiB of 5.00 KiB (100 %)");
	cmd_progress_part_end(&parts, 7);
	CHECK_EQ(parts.n, 0);
}

TEST(without_a_total_it_says_what_is_done)
{
	cmd_progress_part_begin(&parts, 1, "a name that is much too long", 0);
	cmd_progress_part_bytes(&parts, 1, 5);
	says(0, "  a name that is much  5 B");
	cmd_progress_part_end(&parts, 1);
}

TEST(those_that_go_on_keep_their_order)
{
	for (size_t i = 0; i < 3; i++)
		cmd_progress_part_begin(&parts, i, "x", 1);
	cmd_progress_part_end(&parts, 1);
	CHECK_EQ(parts.n, 2);
	CHECK_EQ(parts.part[0].key, 0);
	CHECK_EQ(parts.part[1].key, 2);
	cmd_progress_part_end(&parts, 0);
	CHECK_EQ(parts.n, 1);
	CHECK_EQ(parts.part[0].key, 2);
	cmd_progress_part_end(&parts, 2);
	CHECK_EQ(parts.n, 0);
}

TEST(more_parts_than_lines_are_done_without)
{
	for (size_t i = 0; i < CFS_PROGRESS_PARTS_MAX + 5; i++)
		cmd_progress_part_begin(&parts, i, "x", 1);
	CHECK_EQ(parts.n, CFS_PROGRESS_PARTS_MAX);
	cmd_progress_part_bytes(&parts, CFS_PROGRESS_PARTS_MAX + 1, 1);
	for (size_t i = 0; i < CFS_PROGRESS_PARTS_MAX + 5; i++)
		cmd_progress_part_end(&parts, i);
	CHECK_EQ(parts.n, 0);
}
