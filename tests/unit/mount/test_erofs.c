/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/erofs.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/disk.h"
#include "base/io.h"
#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_err err;
static struct cfs_erofs_mount m;

/*
 * An image that begins with the composefs header.
 * Source: composefs libcomposefs/lcfs-erofs.h: magic 0xd078629a, version,
 * flags (1: has ACLs), composefs_version.
 */
static int new_image(uint32_t magic, uint32_t flags, uint32_t version)
{
	cfs_le32 header[8] = {
		cfs_put32(magic),
		cfs_put32(1),
		cfs_put32(flags),
		cfs_put32(version),
	};
	int fd = memfd_create("image", MFD_CLOEXEC);

	fake_mount_reset();
	err = (struct cfs_err){ 0 };
	m = (struct cfs_erofs_mount){ .fd = -EBADF };
	CHECK(fd >= 0 && cfs_write_full(fd, header, sizeof(header)) == 0);
	return fake_name(fd, "image");
}

TEST(an_image_is_mounted_as_a_file)
{
	CFS_AUTOFD int fd = new_image(0xd078629a, 0, 2);

	CHECK(cfs_erofs_mount(fd, "ab", 0, &m, &err) == 0);
	CHECK(m.backend == CFS_BACKEND_FILE && m.loop[0] == '\0');
	CHECK(!strcmp(fake_calls(), "fsopen erofs\n"
				    "fsconfig erofs SET_STRING source=<image>\n"
				    "fsconfig erofs CREATE\n"
				    "fsmount erofs \n"));
	cfs_closep(&m.fd);
}

TEST(where_files_cannot_be_mounted_a_loop_device_is_used)
{
	CFS_AUTOFD int fd = new_image(0xd078629a, 0, 2);
	int before = fake_open_fds();

	fake_when("fsconfig erofs CREATE", -ENOTBLK, 1);
	fake_when("loop_get_free", 5, 1);
	CHECK(cfs_erofs_mount(fd, "ab", 0, &m, &err) == 0);
	CHECK(m.backend == CFS_BACKEND_LOOP && !strcmp(m.loop, "/dev/loop5"));
	CHECK(fake_called("loop_configure /dev/loop5 <image> * ab") == 1);
	CHECK(fake_called("fsconfig erofs SET_FLAG ro") == 1);
	CHECK(fake_called("fsconfig erofs SET_STRING source=/dev/loop5") == 1);
	/* The mount holds the device: nothing else does. */
	CHECK(fake_open_fds() == before + 1);
	cfs_closep(&m.fd);
}

TEST(a_loop_device_can_be_asked_for)
{
	CFS_AUTOFD int fd = new_image(0xd078629a, 0, 2);

	CHECK(cfs_erofs_mount(fd, "ab", CFS_EROFS_LOOP, &m, &err) == 0);
	CHECK(m.backend == CFS_BACKEND_LOOP);
	CHECK(fake_called("*source=<image>") == 0);
	cfs_closep(&m.fd);
}

TEST(only_images_that_say_so_do_without_acls)
{
	static const struct {
		uint32_t magic, flags, version;
		int noacl;
	} rows[] = {
		{ 0xd078629a, 0, 0, 1 }, { 0xd078629a, 0, 1, 1 },
		{ 0xd078629a, 1, 0, 0 }, { 0xd078629a, 1, 1, 0 },
		{ 0xd078629a, 2, 1, 1 }, { 0xd078629a, 0, 2, 0 },
		{ 0xd078629a, 0, 3, 0 }, { 0xd078629b, 0, 1, 0 },
		{ 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		for (int loop = 0; loop < 2; loop++) {
			CFS_AUTOFD int fd = new_image(
				rows[i].magic, rows[i].flags, rows[i].version);

			CHECK(cfs_erofs_mount(fd, "ab",
					      loop ? CFS_EROFS_LOOP : 0, &m,
					      &err) == 0);
			CHECK(fake_called("fsconfig erofs SET_FLAG noacl") ==
			      rows[i].noacl);
			cfs_closep(&m.fd);
		}
	}
}

TEST(an_empty_image_is_for_the_kernel_to_refuse)
{
	CFS_AUTOFD int fd = new_image(0, 0, 0);

	CHECK(ftruncate(fd, 0) == 0);
	fake_when("fsconfig erofs CREATE", -EINVAL, FAKE_ALWAYS);
	fake_say("e erofs: cannot find valid erofs superblock");
	CHECK(cfs_erofs_mount(fd, "ab", 0, &m, &err) == -EINVAL);
	CHECK(!strcmp(err.msg, "image ab: mount erofs: Invalid argument "
			       "(kernel: erofs: cannot find valid erofs "
			       "superblock)"));
	CHECK(m.fd == -EBADF && fake_called("loop*") == 0);
}

TEST(damage_is_called_damage)
{
	CFS_AUTOFD int fd = new_image(0xd078629a, 0, 2);

	fake_when("fsconfig erofs CREATE", -EIO, 1);
	CHECK(cfs_erofs_mount(fd, "ab", 0, &m, &err) == -EIO);
	CHECK(strstr(err.msg, "image ab") && strstr(err.msg, "damaged"));
	CHECK(fake_called("loop*") == 0);
}

TEST(an_image_that_cannot_be_read_is_refused)
{
	CFS_AUTOFD int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	fake_mount_reset();
	CHECK(cfs_erofs_mount(fd, "ab", 0, &m, &err) == -EISDIR);
	CHECK(strstr(err.msg, "image ab: read its first bytes"));
	CHECK(!*fake_calls());
}

TEST(a_kernel_without_erofs_names_the_module)
{
	CFS_AUTOFD int fd = new_image(0xd078629a, 0, 2);

	fake_when("fsopen erofs", -ENODEV, FAKE_ALWAYS);
	CHECK(cfs_erofs_mount(fd, "ab", 0, &m, &err) == -ENODEV);
	CHECK(strstr(err.msg, "module erofs") && fake_called("loop*") == 0);
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
		CFS_AUTOFD int fd = new_image(0xd078629a, 0, 2);
		int before = fake_open_fds();

		fake_when("fsconfig erofs CREATE", -ENOTBLK, 1);
		fake_when(calls[i], -EPERM, FAKE_ALWAYS);
		CHECK(cfs_erofs_mount(fd, "ab", 0, &m, &err) == -EPERM);
		CHECK(m.fd == -EBADF && fake_open_fds() == before);
	}
}
