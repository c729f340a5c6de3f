/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/boot.h"

#include <fcntl.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

TEST(a_boot_that_did_not_begin_ends_without_closing_anything)
{
	struct cfs_boot boot = CFS_BOOT_INIT;
	int before = fake_open_fds();

	cfs_boot_end(&boot);
	CHECK_EQ(fake_open_fds(), before);
	CHECK(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

TEST(the_end_of_a_boot_closes_everything_once)
{
	struct cfs_boot boot = CFS_BOOT_INIT;
	int before = fake_open_fds();
	int *const fds[] = { &boot.watch_fd,   &boot.sysroot_fd,
			     &boot.repo.fd,    &boot.choice.fd,
			     &boot.objects_fd, &boot.root_fs_fd,
			     &boot.root.fd,    &boot.root.image.fd };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(fds); i++) {
		*fds[i] = open("/", O_PATH | O_CLOEXEC);
		CHECK(*fds[i] >= 0);
	}
	cfs_buf_adds(&boot.cmdline, "rw");
	cfs_boot_end(&boot);
	cfs_boot_end(&boot);
	CHECK_EQ(fake_open_fds(), before);
	CHECK(!boot.cmdline.data);
}

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
