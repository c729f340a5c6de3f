/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/context.h"

#include <linux/mount.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_err err;

static void reset(void)
{
	fake_mount_reset();
	err = (struct cfs_err){ 0 };
}

TEST(options_reach_the_kernel_in_order)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	CFS_AUTOFD int mnt = -EBADF;

	reset();
	CHECK_EQ(cfs_context_open(&ctx, "overlay", &err), 0);
	cfs_context_flag(&ctx, "ro");
	cfs_context_string(&ctx, "source", "x");
	cfs_context_fd(&ctx, "lowerdir+", fake_name(0, "layer"));
	cfs_context_fd_path(&ctx, "lowerdir+", 0);
	mnt = cfs_context_mount(&ctx, MOUNT_ATTR_RDONLY, &err);
	CHECK(mnt >= 0);
	CHECK(!strcmp(fake_calls(),
		      "fsopen overlay\n"
		      "fsconfig overlay SET_FLAG ro\n"
		      "fsconfig overlay SET_STRING source=x\n"
		      "fsconfig overlay SET_FD lowerdir+=<layer>\n"
		      "fsconfig overlay SET_STRING lowerdir+=<layer>\n"
		      "fsconfig overlay CREATE\n"
		      "fsmount overlay RDONLY\n"));
}

TEST(a_missing_file_system_names_its_module)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;

	reset();
	fake_when("fsopen erofs", -ENODEV, 1);
	CHECK_EQ(cfs_context_open(&ctx, "erofs", &err), -ENODEV);
	CHECK(strstr(err.msg, "module erofs"));
	CHECK_EQ(ctx.fd, -EBADF);
	fake_when("fsopen erofs", -EPERM, 1);
	CHECK_EQ(cfs_context_open(&ctx, "erofs", &err), -EPERM);
	CHECK(strstr(err.msg, "open a erofs context"));
	CHECK_EQ(ctx.fd, -EBADF);
}

TEST(the_first_refused_option_is_the_one_reported)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;

	reset();
	fake_when("fsconfig * b*", -EINVAL, FAKE_ALWAYS);
	fake_when("fsconfig * c*", -ENOMEM, FAKE_ALWAYS);
	CHECK_EQ(cfs_context_open(&ctx, "overlay", &err), 0);
	cfs_context_flag(&ctx, "a");
	cfs_context_flag(&ctx, "b");
	cfs_context_string(&ctx, "c", "1");
	CHECK_EQ(ctx.failed, -EINVAL);
	CHECK(!strcmp(ctx.option, "b"));
	CHECK_EQ(cfs_context_mount(&ctx, 0, &err), -EINVAL);
	CHECK(strstr(err.msg, "overlay: set b: Invalid argument"));
	CHECK_EQ(fake_called("*c=*"), 0);
	CHECK_EQ(fake_called("* CREATE"), 0);
}

TEST(the_words_of_the_kernel_are_passed_on)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;

	reset();
	fake_when("* CREATE", -EINVAL, 1);
	fake_say("e overlay: maximum fs stacking depth exceeded\n");
	fake_say("w overlay: second");
	CHECK_EQ(cfs_context_open(&ctx, "overlay", &err), 0);
	CHECK_EQ(cfs_context_mount(&ctx, 0, &err), -EINVAL);
	CHECK(!strcmp(err.msg, "mount overlay: Invalid argument (kernel: "
			       "overlay: maximum fs stacking depth exceeded; "
			       "overlay: second)"));
}

TEST(names_that_the_kernel_quotes_move_no_terminal)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;

	reset();
	fake_when("* CREATE", -EINVAL, 1);
	fake_say("e overlay: bad layer \033[2J\xc2\x9b"
		 "31m\xff");
	CHECK_EQ(cfs_context_open(&ctx, "overlay", &err), 0);
	CHECK_EQ(cfs_context_mount(&ctx, 0, &err), -EINVAL);
	CHECK(strstr(err.msg, "overlay: bad layer ?[2J?31m?"));
}

TEST(a_kernel_that_goes_on_talking_is_cut_short)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;

	reset();
	fake_when("* CREATE", -EIO, 1);
	for (int i = 0; i < 16; i++)
		fake_say("e a message that is somewhat long, and comes often, "
			 "so that there is not room enough for all of them in "
			 "one text and the last have to be left out of it, at "
			 "whatever place that is");
	CHECK_EQ(cfs_context_open(&ctx, "erofs", &err), 0);
	CHECK_EQ(cfs_context_mount(&ctx, 0, &err), -EIO);
	CHECK(strlen(err.msg) < sizeof(err.msg));
	CHECK_EQ(err.code, EIO);
}

TEST(a_mount_that_cannot_be_made_is_an_error)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;

	reset();
	fake_when("fsmount *", -EPERM, 1);
	CHECK_EQ(cfs_context_open(&ctx, "erofs", &err), 0);
	CHECK_EQ(cfs_context_mount(&ctx, 0, &err), -EPERM);
	CHECK(strstr(err.msg, "mount erofs: Operation not permitted"));
}

TEST(nothing_stays_open)
{
	int before = fake_open_fds();

	for (int i = 0; i < 2; i++) {
		struct cfs_context ctx = CFS_CONTEXT_INIT;
		CFS_AUTOFD int mnt = -EBADF;

		reset();
		if (i)
			fake_when("* CREATE", -EIO, 1);
		CHECK_EQ(cfs_context_open(&ctx, "erofs", &err), 0);
		mnt = cfs_context_mount(&ctx, 0, &err);
		CHECK_EQ((mnt >= 0), (i == 0));
		cfs_context_close(&ctx);
		CHECK_EQ(ctx.fd, -EBADF);
	}
	CHECK_EQ(fake_open_fds(), before);
}
