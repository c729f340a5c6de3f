/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/units.h"

#include "tests/test.h"

static char text[CFS_UNITS_MAX];

static int size_is(uint64_t bytes, const char *want)
{
	return strcmp(cmd_size_text(bytes, text), want) == 0;
}

TEST(sizes_have_the_unit_that_fits)
{
	CHECK(size_is(0, "0 B"));
	CHECK(size_is(1023, "1023 B"));
	CHECK(size_is(1024, "1.00 KiB"));
	CHECK(size_is(1536, "1.50 KiB"));
	CHECK(size_is((1 << 20) - 1, "1.00 MiB"));
	CHECK(size_is(1 << 20, "1.00 MiB"));
	CHECK(size_is(UINT64_C(5) << 30, "5.00 GiB"));
	CHECK(size_is(UINT64_MAX, "16.00 EiB"));
}

static int duration_is(uint64_t seconds, const char *want)
{
	return strcmp(cmd_duration_text(seconds, text), want) == 0;
}

TEST(durations_have_hours_and_minutes_if_need_be)
{
	CHECK(duration_is(0, "0 s"));
	CHECK(duration_is(59, "59 s"));
	CHECK(duration_is(60, "1:00"));
	CHECK(duration_is(3599, "59:59"));
	CHECK(duration_is(3725, "1:02:05"));
	CHECK(duration_is(UINT64_MAX, "5124095576030431:00:15"));
}

/* Source: date -u -d @1764102666. */
TEST(times_are_local_for_people_and_utc_for_programs)
{
	setenv("TZ", "UTC-2", 1);
	tzset();
	CHECK(!strcmp(cmd_utc_time_text(1764102666, text),
		      "2025-11-25T20:31:06Z"));
	CHECK(!strcmp(cmd_local_time_text(1764102666, text),
		      "2025-11-25 22:31"));
	CHECK(!strcmp(cmd_utc_time_text(INT64_MAX, text), "?"));
	CHECK(!strcmp(cmd_local_time_text(INT64_MAX, text), "?"));
}
