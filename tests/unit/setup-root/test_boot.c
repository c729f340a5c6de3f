/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/boot.h"

#include "tests/test.h"

TEST(the_chosen_candidate_is_the_one_that_the_choice_points_to)
{
	struct cfs_boot boot = CFS_BOOT_INIT;

	CHECK_EQ(cfs_boot_chosen(&boot), &boot.candidates[0]);
	boot.choice.index = 3;
	CHECK_EQ(cfs_boot_chosen(&boot), &boot.candidates[3]);
}

TEST(only_looking_is_a_trial)
{
	struct cfs_boot boot = CFS_BOOT_INIT;

	CHECK(!cfs_boot_is_trial(&boot));
	boot.options.check = true;
	CHECK(cfs_boot_is_trial(&boot));
	boot.options = (struct cfs_options){ .print_kargs = true };
	CHECK(cfs_boot_is_trial(&boot));
}
