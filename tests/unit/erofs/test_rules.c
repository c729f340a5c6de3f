/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/rules.h"

#include <string.h>

#include "tests/test.h"

TEST(rules_stand_at_the_number_of_their_version)
{
	for (unsigned v = 0; v <= CFS_EROFS_VERSION_MAX; v++)
		CHECK_EQ(cfs_erofs_rules[v].version, v);
}

/* As lcfs-writer-erofs.c has it: only the marks of directories differ. */
TEST(versions_0_and_1_differ_only_in_the_marks_of_directories)
{
	struct cfs_erofs_rules one = cfs_erofs_rules[1];

	CHECK(one.marks_opaque && !cfs_erofs_rules[0].marks_opaque);
	one.marks_opaque = false;
	one.version = 0;
	CHECK_MEM(&one, &cfs_erofs_rules[0], sizeof(one));
}

/* The maximum sizes of composefs-rs and mkcomposefs. */
TEST(limits_are_those_of_the_programs_that_made_the_versions)
{
	CHECK_EQ(cfs_erofs_rules[1].external_max, UINT64_C(1) << 53);
	CHECK_EQ(cfs_erofs_rules[2].external_max, UINT64_C(1) << 43);
	CHECK_EQ(cfs_erofs_rules[1].inline_max, 5000);
	CHECK_EQ(cfs_erofs_rules[2].inline_max, 512);
	CHECK_EQ(cfs_erofs_rules[1].target_max, 4095);
	CHECK_EQ(cfs_erofs_rules[2].target_max, 1024);
	CHECK_EQ(cfs_erofs_rules[1].references_max, 128);
	CHECK_EQ(cfs_erofs_rules[2].references_max, 255);
	CHECK_EQ(cfs_erofs_rules[2].chunk_format, 31);
}
