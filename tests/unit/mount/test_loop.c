/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/loop.h"

#include "tests/fake/mount.h"
#include "tests/test.h"

#define IMAGE 100

static struct cfs_err err;
static char name[CFS_LOOP_NAME_MAX];

static void reset(void)
{
	fake_mount_reset();
	fake_name(IMAGE, "image");
	err = (struct cfs_err){ 0 };
	strcpy(name, "untouched");
}

TEST(a_free_device_is_configured_read_only_and_by_itself_gone)
{
	CFS_AUTOFD int fd = -EBADF;

	reset();
	fake_when("loop_get_free", 7, 1);
	fd = cfs_loop_attach(IMAGE, "images/ab", name, &err);
	CHECK(fd >= 0 && !strcmp(name, "/dev/loop7"));
	CHECK(!strcmp(fake_calls(),
		      "open_device /dev/loop-control\n"
		      "loop_get_free\n"
		      "open_device /dev/loop7\n"
		      "loop_configure /dev/loop7 <image> "
		      "READ_ONLY|AUTOCLEAR|DIRECT_IO images/ab\n"));
}

TEST(a_device_that_another_takes_is_left_to_it)
{
	CFS_AUTOFD int fd = -EBADF;
	int before = fake_open_fds();

	reset();
	fake_when("loop_configure *", -EBUSY, 3);
	fd = cfs_loop_attach(IMAGE, "x", name, &err);
	CHECK(fd >= 0 && !strcmp(name, "/dev/loop3"));
	CHECK_EQ(fake_called("loop_configure *"), 4);
	CHECK_EQ(fake_open_fds(), before + 1);
}

TEST(taken_devices_are_given_up_on_after_16)
{
	reset();
	fake_when("loop_configure *", -EBUSY, FAKE_ALWAYS);
	CHECK_EQ(cfs_loop_attach(IMAGE, "x", name, &err), -EBUSY);
	CHECK_EQ(fake_called("loop_configure *"), 16);
	CHECK(strstr(err.msg, "put a loop device over x"));
	CHECK_EQ(name[0], '\0');
}

TEST(a_device_that_is_busy_to_open_is_skipped_too)
{
	CFS_AUTOFD int fd = -EBADF;

	reset();
	fake_when("open_device /dev/loop0", -EBUSY, 1);
	fd = cfs_loop_attach(IMAGE, "x", name, &err);
	CHECK(fd >= 0 && !strcmp(name, "/dev/loop1"));
}

TEST(without_direct_io_it_is_buffered)
{
	CFS_AUTOFD int fd = -EBADF;

	reset();
	fake_when("loop_configure *DIRECT_IO*", -EINVAL, FAKE_ALWAYS);
	fd = cfs_loop_attach(IMAGE, "x", name, &err);
	CHECK(fd >= 0);
	CHECK_EQ(fake_called("loop_configure * READ_ONLY|AUTOCLEAR x"), 1);
	CHECK_EQ(fake_called("loop_configure *"), 2);
}

TEST(the_end_of_a_long_name_is_kept)
{
	CFS_AUTOFD int fd = -EBADF;
	char backing[200];

	reset();
	memset(backing, 'a', sizeof(backing));
	strcpy(backing + 150, "/the-end");
	fd = cfs_loop_attach(IMAGE, backing, name, &err);
	CHECK(fd >= 0);
	CHECK_EQ(fake_called("loop_configure * *a/the-end"), 1);
	/* Source: linux/loop.h, LO_NAME_SIZE 64, of which one is the NUL. */
	CHECK_EQ(strlen(strrchr(fake_calls(), ' ') + 1), 63 + 1);
}

TEST(a_kernel_without_loop_devices_names_the_module)
{
	static const int codes[] = { -ENODEV, -ENXIO };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(codes); i++) {
		reset();
		fake_when("open_device /dev/loop-control", codes[i], 1);
		CHECK_EQ(cfs_loop_attach(IMAGE, "x", name, &err), -ENODEV);
		CHECK(strstr(err.msg, "module loop"));
		CHECK_EQ(fake_called("*"), 1);
	}
}

TEST(other_refusals_are_passed_on)
{
	static const struct {
		const char *call;
		int code;
	} rows[] = {
		{ "open_device /dev/loop-control", -EACCES },
		{ "open_device /dev/loop0", -ENOENT },
		{ "loop_get_free", -ENOSPC },
		{ "loop_configure *", -EPERM },
		{ "loop_configure *", -EINVAL },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		int before = fake_open_fds();

		reset();
		fake_when(rows[i].call, rows[i].code, FAKE_ALWAYS);
		CHECK_EQ(cfs_loop_attach(IMAGE, "x", name, &err), rows[i].code);
		CHECK_EQ(err.code, -rows[i].code);
		CHECK(fake_called("loop_get_free") <= 1);
		CHECK_EQ(fake_open_fds(), before);
	}
}
