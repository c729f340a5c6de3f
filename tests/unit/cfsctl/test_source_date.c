/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/source_date.h"

#include <stdlib.h>

#include "cfsctl/cli/options.h"
#include "tests/test.h"

static struct cfs_err err;

static void set(const char *value)
{
	if (value)
		CHECK_EQ(setenv("SOURCE_DATE_EPOCH", value, 1), 0);
	else
		CHECK_EQ(unsetenv("SOURCE_DATE_EPOCH"), 0);
}

TEST(the_variable_is_a_number_or_nothing)
{
	int64_t n = 7;

	set(NULL);
	CHECK_EQ(cmd_source_date(INT64_MAX, &n, &err), 0);
	set("");
	CHECK_EQ(cmd_source_date(INT64_MAX, &n, &err), 0);
	CHECK_EQ(n, 7);
	set("0");
	CHECK_EQ(cmd_source_date(INT64_MAX, &n, &err), 1);
	CHECK_EQ(n, 0);
	set("1700000000");
	CHECK_EQ(cmd_source_date(INT64_MAX, &n, &err), 1);
	CHECK_EQ(n, 1700000000);
	CHECK_EQ(cmd_source_date(1699999999, &n, &err), -EINVAL);
	CHECK(strstr(err.msg, "SOURCE_DATE_EPOCH=1700000000: not a number "
			      "from 0 to 1699999999"));
}

TEST(what_is_no_number_is_refused)
{
	static const char *const bad[] = { "x",	  "-1",
					   "+1",  " 1",
					   "1.5", "1 ",
					   "0x1", "99999999999999999999" };
	int64_t n = 7;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		struct cfs_clamp clamp = { 0 };

		set(bad[i]);
		CHECK_EQ(cmd_source_date(INT64_MAX, &n, &err), -EINVAL);
		CHECK_EQ(cmd_parse_clamp(NULL, &clamp, &err), -EINVAL);
		CHECK_EQ(cmd_parse_clamp(bad[i], &clamp, &err), -CFS_EUSAGE);
		CHECK_EQ(n, 7);
		CHECK(!clamp.on);
	}
}

TEST(a_value_counts_more_than_the_variable)
{
	struct cfs_clamp clamp = { 0 };

	set("5");
	CHECK_EQ(cmd_parse_clamp("6", &clamp, &err), 0);
	CHECK(clamp.on);
	CHECK_EQ(clamp.seconds, 6);
	CHECK_EQ(cmd_parse_clamp(NULL, &clamp, &err), 0);
	CHECK_EQ(clamp.seconds, 5);
	/* "--clamp-mtime=$UNSET" is a mistake. */
	CHECK_EQ(cmd_parse_clamp("", &clamp, &err), -CFS_EUSAGE);
	set(NULL);
	CHECK_EQ(cmd_parse_clamp(NULL, &clamp, &err), -CFS_EUSAGE);
	CHECK(strstr(err.msg, "SOURCE_DATE_EPOCH is not set"));
}
