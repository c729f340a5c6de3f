/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/plan.h"

#include "tests/test.h"

#define OWN CFS_EXPORT_NO_PACK
#define MIB (1u << 20)

static struct cfs_err err;

static int make(const struct cfs_export_place *places, size_t n,
		struct cfs_export_plan *plan)
{
	CFS_AUTOFREE uint32_t *wanted = calloc(n + 1, sizeof(*wanted));

	CHECK(wanted);
	/* In another order than the places. */
	for (size_t i = 0; i < n; i++)
		wanted[i] = (uint32_t)(n - 1 - i);
	return cfs_export_plan_make(places, wanted, n, plan, &err);
}

static void check_run(const struct cfs_export_run *run, uint32_t pack,
		      uint64_t offset, uint64_t length, size_t n)
{
	CHECK_EQ(run->pack, pack);
	CHECK_EQ(run->offset, offset);
	CHECK_EQ(run->length, length);
	CHECK_EQ(run->n, n);
}

TEST(nothing_wanted_is_nothing_to_do)
{
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };

	CHECK_EQ(cfs_export_plan_make(NULL, NULL, 0, &plan, &err), 0);
	CHECK_EQ(plan.files.n + plan.runs.n + plan.packed.n, 0);
	CHECK_EQ(plan.bytes, 0);
}

TEST(large_files_come_first)
{
	static const struct cfs_export_place places[] = {
		{ OWN, false, 0, 200000 },
		{ OWN, true, 0, 900000 },
		{ OWN, false, 0, 300000 },
	};
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };

	CHECK_EQ(make(places, 3, &plan), 0);
	CHECK_EQ(plan.files.n, 3);
	CHECK(plan.files.v[0] == 1 && plan.files.v[1] == 2 &&
	      plan.files.v[2] == 0);
	CHECK_EQ(plan.bytes, 1400000);
}

TEST(neighbours_are_one_request_and_small_gaps_are_fetched_along)
{
	static const struct cfs_export_place places[] = {
		{ 2, false, 0, 10 },
		{ 1, false, 100, 10 },
		{ 1, true, 110, 10 },
		{ 1, false, 120 + CFS_EXPORT_GAP_MAX, 10 },
		{ 1, false, 131 + 2 * CFS_EXPORT_GAP_MAX, 10 },
	};
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };

	CHECK_EQ(make(places, 5, &plan), 0);
	CHECK_EQ(plan.runs.n, 3);
	check_run(&plan.runs.v[0], 1, 100, 30 + CFS_EXPORT_GAP_MAX, 3);
	check_run(&plan.runs.v[1], 1, 131 + 2 * CFS_EXPORT_GAP_MAX, 10, 1);
	check_run(&plan.runs.v[2], 2, 0, 10, 1);
	CHECK(plan.packed.v[0] == 1 && plan.packed.v[1] == 2 &&
	      plan.packed.v[2] == 3 && plan.packed.v[3] == 4 &&
	      plan.packed.v[4] == 0);
	CHECK_EQ(plan.runs.v[2].first, 4);
	CHECK_EQ(plan.bytes, 50 + CFS_EXPORT_GAP_MAX);
}

TEST(a_long_range_is_several_requests)
{
	struct cfs_export_place places[100];
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };
	uint64_t at = 0;
	size_t n = 0;

	for (size_t i = 0; i < 100; i++)
		places[i] = (struct cfs_export_place){ 1, false, i * 128 * 1024,
						       128 * 1024 };
	CHECK_EQ(make(places, 100, &plan), 0);
	CHECK_EQ(plan.runs.n, 4);
	for (size_t i = 0; i < plan.runs.n; i++) {
		CHECK(plan.runs.v[i].length <= CFS_EXPORT_RUN_MAX);
		CHECK_EQ(plan.runs.v[i].offset, at);
		CHECK_EQ(plan.runs.v[i].first, n);
		at += plan.runs.v[i].length;
		n += plan.runs.v[i].n;
	}
	CHECK_EQ(n, 100);
	CHECK_EQ(at, 100 * 128 * 1024);
}

TEST(objects_that_overlap_are_refused)
{
	static const struct cfs_export_place same[] = {
		{ 1, false, 0, 10 },
		{ 1, true, 0, 10 },
	};
	static const struct cfs_export_place inside[] = {
		{ 1, false, 0, 10 },
		{ 1, false, 9, 10 },
	};
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };

	CHECK_EQ(make(same, 2, &plan), -EBADMSG);
	CHECK_EQ(make(inside, 2, &plan), -EBADMSG);
}

TEST(the_last_bytes_of_the_largest_pack_are_reached)
{
	static const struct cfs_export_place places[] = {
		{ CFS_EXPORT_PACKS_MAX, false,
		  CFS_EXPORT_PACK_MAX - CFS_EXPORT_SMALL, CFS_EXPORT_SMALL },
		{ CFS_EXPORT_PACKS_MAX, false, 0, MIB / 16 },
	};
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };

	CHECK_EQ(make(places, 2, &plan), 0);
	CHECK_EQ(plan.runs.n, 2);
	CHECK_EQ(plan.runs.v[1].offset + plan.runs.v[1].length,
		 CFS_EXPORT_PACK_MAX);
}
