/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/boot.h"

#include "tests/test.h"

TEST(the_chosen_candidate_is_the_one_that_the_choice_points_to)
{
	struct cfs_boot boot = { 0 };

	CHECK_EQ(cfs_boot_chosen(&boot), &boot.candidates[0]);
	boot.choice.index = 3;
	CHECK_EQ(cfs_boot_chosen(&boot), &boot.candidates[3]);
}

TEST(a_new_boot_has_no_descriptors)
{
	struct cfs_boot boot = { 0 };

	cfs_boot_init(&boot);
	CHECK_EQ(boot.step, CFS_EXIT_OTHER);
	CHECK(boot.watch_fd < 0 && boot.sysroot_fd < 0 && boot.choice.fd < 0);
	CHECK(boot.objects_fd < 0 && boot.root_fs_fd < 0 && boot.repo.fd < 0);
	CHECK(boot.root.fd < 0 && boot.root.image.fd < 0);
}

TEST(only_looking_is_a_trial)
{
	struct cfs_boot boot = { 0 };

	CHECK(!cfs_boot_is_trial(&boot));
	boot.options.check = true;
	CHECK(cfs_boot_is_trial(&boot));
	boot.options = (struct cfs_options){ .print_kargs = true };
	CHECK(cfs_boot_is_trial(&boot));
}
