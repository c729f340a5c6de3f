/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/erofs.h"

#include <sys/mman.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_err err;
static struct cfs_erofs_mount m;

static int new_image(void)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	fake_mount_reset();
	err = (struct cfs_err){ 0 };
	m = (struct cfs_erofs_mount){ .fd = -EBADF };
	CHECK(fd >= 0);
	return fake_name(fd, "image");
}

TEST(an_image_is_mounted_as_a_file)
{
	CFS_AUTOFD int fd = new_image();

	CHECK_EQ(cfs_erofs_mount(fd, "ab", 0, &m, &err), 0);
	CHECK_EQ(m.backend, CFS_BACKEND_FILE);
	CHECK_EQ(m.loop[0], '\0');
	CHECK(!strcmp(fake_calls(), "fsopen erofs\n"
				    "fsconfig erofs SET_STRING source=<image>\n"
				    "fsconfig erofs CREATE\n"
				    "fsmount erofs \n"));
	cfs_closep(&m.fd);
}

TEST(where_files_cannot_be_mounted_a_loop_device_is_used)
{
	CFS_AUTOFD int fd = new_image();
	int before = fake_open_fds();

	fake_when("fsconfig erofs CREATE", -ENOTBLK, 1);
	fake_when("loop_get_free", 5, 1);
	CHECK_EQ(cfs_erofs_mount(fd, "ab", 0, &m, &err), 0);
	CHECK_EQ(m.backend, CFS_BACKEND_LOOP);
	CHECK(!strcmp(m.loop, "/dev/loop5"));
	CHECK_EQ(fake_called("loop_configure /dev/loop5 <image> * ab"), 1);
	CHECK_EQ(fake_called("fsconfig erofs SET_FLAG ro"), 1);
	CHECK_EQ(fake_called("fsconfig erofs SET_STRING source=/dev/loop5"), 1);
	/* The mount holds the device: nothing else does. */
	CHECK_EQ(fake_open_fds(), before + 1);
	cfs_closep(&m.fd);
}

TEST(a_loop_device_can_be_asked_for)
{
	CFS_AUTOFD int fd = new_image();

	CHECK_EQ(cfs_erofs_mount(fd, "ab", CFS_EROFS_LOOP, &m, &err), 0);
	CHECK_EQ(m.backend, CFS_BACKEND_LOOP);
	CHECK_EQ(fake_called("*source=<image>"), 0);
	cfs_closep(&m.fd);
}

TEST(an_image_is_mounted_without_acls_if_the_caller_says_so)
{
	static const struct {
		unsigned flags;
		int noacl;
	} rows[] = {
		{ 0, 0 },
		{ CFS_EROFS_LOOP, 0 },
		{ CFS_EROFS_NOACL, 1 },
		{ CFS_EROFS_NOACL | CFS_EROFS_LOOP, 1 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		CFS_AUTOFD int fd = new_image();

		CHECK_EQ(cfs_erofs_mount(fd, "ab", rows[i].flags, &m, &err), 0);
		CHECK_EQ(fake_called("fsconfig erofs SET_FLAG noacl"),
			 rows[i].noacl);
		cfs_closep(&m.fd);
	}
}

TEST(an_empty_image_is_for_the_kernel_to_refuse)
{
	CFS_AUTOFD int fd = new_image();

	fake_when("fsconfig erofs CREATE", -EINVAL, FAKE_ALWAYS);
	fake_say("e erofs: cannot find valid erofs superblock");
	CHECK_EQ(cfs_erofs_mount(fd, "ab", 0, &m, &err), -EINVAL);
	CHECK(!strcmp(err.msg, "image ab: mount erofs: Invalid argument "
			       "(kernel: erofs: cannot find valid erofs "
			       "superblock)"));
	CHECK_EQ(m.fd, -EBADF);
	CHECK_EQ(fake_called("loop*"), 0);
}

TEST(damage_is_called_damage)
{
	CFS_AUTOFD int fd = new_image();

	fake_when("fsconfig erofs CREATE", -EIO, 1);
	CHECK_EQ(cfs_erofs_mount(fd, "ab", 0, &m, &err), -EIO);
	CHECK(strstr(err.msg, "image ab") && strstr(err.msg, "damaged"));
	CHECK_EQ(fake_called("loop*"), 0);
}

TEST(a_kernel_without_erofs_names_the_module)
{
	CFS_AUTOFD int fd = new_image();

	fake_when("fsopen erofs", -ENODEV, FAKE_ALWAYS);
	CHECK_EQ(cfs_erofs_mount(fd, "ab", 0, &m, &err), -ENODEV);
	CHECK(strstr(err.msg, "module erofs"));
	CHECK_EQ(fake_called("loop*"), 0);
}

TEST(a_failure_leaves_nothing)
{
	static const char *const calls[] = {
		"open_device /dev/loop-control",
		"loop_get_free",
		"loop_configure *",
		"fsconfig erofs SET_STRING source=/dev/loop*",
		"fsmount *",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(calls); i++) {
		CFS_AUTOFD int fd = new_image();
		int before = fake_open_fds();

		fake_when("fsconfig erofs CREATE", -ENOTBLK, 1);
		fake_when(calls[i], -EPERM, FAKE_ALWAYS);
		CHECK_EQ(cfs_erofs_mount(fd, "ab", 0, &m, &err), -EPERM);
		CHECK_EQ(m.fd, -EBADF);
		CHECK_EQ(fake_open_fds(), before);
	}
}
