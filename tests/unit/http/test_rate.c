/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/rate.h"

#include "tests/test.h"

#define SECOND 1000000000ULL

TEST(without_a_limit_nobody_waits)
{
	struct cfs_http_rate rate = { 0 };

	cfs_http_rate_add(&rate, 5, UINT64_MAX);
	CHECK_EQ(cfs_http_rate_wait(&rate, 5), 0);
}

TEST(what_came_too_fast_is_waited_for)
{
	struct cfs_http_rate rate = { .rate = 1000, .free = 7 * SECOND };

	CHECK_EQ(cfs_http_rate_wait(&rate, 7 * SECOND), 0);
	cfs_http_rate_add(&rate, 7 * SECOND, 500);
	CHECK_EQ(cfs_http_rate_wait(&rate, 7 * SECOND), SECOND / 2);
	cfs_http_rate_add(&rate, 7 * SECOND, 2500);
	CHECK_EQ(cfs_http_rate_wait(&rate, 7 * SECOND), 3 * SECOND);
	CHECK_EQ(cfs_http_rate_wait(&rate, 9 * SECOND), SECOND);
	CHECK_EQ(cfs_http_rate_wait(&rate, 10 * SECOND), 0);
}

TEST(of_idle_time_a_quarter_of_a_second_is_made_up_for)
{
	struct cfs_http_rate rate = { .rate = 1000 };

	cfs_http_rate_add(&rate, 100 * SECOND, 1000);
	CHECK_EQ(cfs_http_rate_wait(&rate, 100 * SECOND), SECOND * 3 / 4);
	cfs_http_rate_add(&rate, 101 * SECOND, 1000);
	CHECK_EQ(cfs_http_rate_wait(&rate, 101 * SECOND), SECOND * 3 / 4);
}

TEST(huge_numbers_do_not_overflow)
{
	struct cfs_http_rate rate = { .rate = 1 };

	for (int i = 0; i < 5; i++)
		cfs_http_rate_add(&rate, SECOND, UINT64_MAX);
	CHECK(cfs_http_rate_wait(&rate, SECOND) > UINT64_MAX / 8);
	rate = (struct cfs_http_rate){ .rate = UINT64_MAX };
	cfs_http_rate_add(&rate, SECOND, UINT64_MAX);
	CHECK(cfs_http_rate_wait(&rate, SECOND) <= SECOND);
}
