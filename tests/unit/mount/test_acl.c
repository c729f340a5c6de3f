/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/acl.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/disk.h"
#include "base/io.h"
#include "mount/erofs.h"
#include "tests/test.h"

static struct cfs_err err;

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

	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, header, sizeof(header)), 0);
	return fd;
}

TEST(only_images_that_say_so_do_without_acls)
{
	static const struct {
		uint32_t magic, flags, version;
		bool noacl;
	} rows[] = {
		{ 0xd078629a, 0, 0, true },  { 0xd078629a, 0, 1, true },
		{ 0xd078629a, 1, 0, false }, { 0xd078629a, 1, 1, false },
		{ 0xd078629a, 2, 1, true },  { 0xd078629a, 0, 2, false },
		{ 0xd078629a, 0, 3, false }, { 0xd078629b, 0, 1, false },
		{ 0, 0, 0, false },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		CFS_AUTOFD int fd = new_image(rows[i].magic, rows[i].flags,
					      rows[i].version);

		CHECK_EQ(cfs_erofs_acl_flag(fd, "ab", &err),
			 (rows[i].noacl ? CFS_EROFS_NOACL : 0));
	}
}

TEST(an_empty_image_says_nothing)
{
	CFS_AUTOFD int fd = new_image(0xd078629a, 0, 1);

	CHECK_EQ(ftruncate(fd, 0), 0);
	CHECK_EQ(cfs_erofs_acl_flag(fd, "ab", &err), 0);
}

TEST(an_image_that_cannot_be_read_is_refused)
{
	CFS_AUTOFD int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_EQ(cfs_erofs_acl_flag(fd, "ab", &err), -EISDIR);
	CHECK(strstr(err.msg, "image ab: read its first bytes"));
}
