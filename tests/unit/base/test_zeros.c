/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/zeros.h"

#include "tests/test.h"

TEST(zeros_are_found_wherever_the_first_other_byte_is)
{
	uint8_t raw[64] = { 0 };

	CHECK(cfs_bytes_are_zero((struct cfs_bytes){ NULL, 0 }));
	CHECK(cfs_bytes_are_zero((struct cfs_bytes){ raw, sizeof(raw) }));
	for (size_t i = 0; i < sizeof(raw); i++) {
		raw[i] = 1;
		CHECK(!cfs_bytes_are_zero(
			(struct cfs_bytes){ raw, sizeof(raw) }));
		CHECK(cfs_bytes_are_zero((struct cfs_bytes){ raw, i }));
		raw[i] = 0;
	}
}

TEST(runs_of_blocks_are_zero_or_not)
{
	/* In blocks of four: data, data, zeros, zeros, data, a zero. */
	const uint8_t raw[21] = { 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0,
				  0, 0, 0, 0, 0, 0, 9, 0, 0, 0 };
	static const struct {
		size_t len;
		bool zero;
	} runs[] = { { 8, false }, { 8, true }, { 4, false }, { 1, true } };
	struct cfs_bytes rest = { raw, sizeof(raw) }, run;
	const uint8_t *at = raw;
	bool zero = false;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(runs); i++) {
		CHECK(cfs_bytes_run(&rest, 4, &run, &zero));
		CHECK_EQ(run.data, at);
		CHECK_EQ(run.len, runs[i].len);
		CHECK_EQ(zero, runs[i].zero);
		at += run.len;
	}
	CHECK(!cfs_bytes_run(&rest, 4, &run, &zero));
}
