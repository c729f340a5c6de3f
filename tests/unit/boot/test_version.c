/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/version.h"

#include "base/auto.h"
#include "tests/test.h"

static int sign(int r)
{
	return (r > 0) - (r < 0);
}

static void check(const char *a, const char *b, int want)
{
	if (sign(cfs_version_compare(a, b)) != want)
		printf("# %s and %s\n", a, b);
	CHECK_EQ(sign(cfs_version_compare(a, b)), want);
	CHECK_EQ(sign(cfs_version_compare(b, a)), -want);
}

/* Source: UAPI.10, Version Format Specification, "Examples". */
TEST(versions_are_in_the_order_of_the_specification)
{
	static const char *const older_first[] = {
		"122.1",   "123~rc1-1", "123",	   "123-a",
		"123-a.1", "123-1",	"123-1.1", "123^post1",
		"123.a-1", "123.1-1",	"123a-1",  "124-1",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(older_first); i++) {
		check(older_first[i], older_first[i], 0);
		for (size_t k = i + 1; k < CFS_ARRAY_SIZE(older_first); k++)
			check(older_first[i], older_first[k], -1);
	}
}

TEST(numbers_count_by_their_value_and_words_by_their_letters)
{
	check("9", "10", -1);
	check("009", "10", -1);
	check("00", "0", 0);
	check("99999999999999999999998", "99999999999999999999999", -1);
	check("a", "1", -1);
	check("abc", "abcd", -1);
	check("B", "a", -1);
}

TEST(other_characters_only_separate)
{
	check("1_2", "1_3", -1);
	check("_1", "1", 0);
	check("a+3.conf", "a 3.conf", 0);
	check("1\xff", "1", 0);
}

TEST(a_missing_version_is_the_oldest_but_for_what_precedes_a_release)
{
	check(NULL, NULL, 0);
	check(NULL, "", 0);
	check(NULL, "0", -1);
	check("~1", NULL, -1);
}
