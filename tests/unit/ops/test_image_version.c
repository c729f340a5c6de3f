/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_version.h"

#include "base/disk.h"
#include "erofs/format.h"
#include "erofs/writer.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;

static int version_of(struct cfs_bytes bytes, unsigned *ret)
{
	CFS_AUTOFREE char *path = below(fresh_dir(), "image");
	CFS_AUTOFD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
	return cfs_image_version(fd, ret, &err);
}

static void write_image(unsigned version, struct cfs_buf *image)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	CHECK(cfs_tree_new(&tree, &err) == 0);
	CHECK(cfs_tree_finish(tree, &err) == 0);
	CHECK(cfs_erofs_write(tree, version, 0, image, &err) == 0);
}

TEST(the_header_says_which_version_it_is)
{
	for (unsigned version = 0; version < 3; version++) {
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		unsigned have = 99;

		write_image(version, &image);
		CHECK(version_of(cfs_buf_bytes(&image), &have) == 0);
		CHECK(have == version);
	}
}

TEST(other_files_are_no_images)
{
	const struct cfs_bytes text = { (const uint8_t *)"text", 4 };
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	unsigned have;

	CHECK(version_of(text, &have) == -EINVAL);
	write_image(1, &image);
	image.data[CFS_EROFS_SUPER_START] ^= 1;
	CHECK(version_of(cfs_buf_bytes(&image), &have) == -EINVAL);
	CHECK(strstr(err.msg, "not a composefs image"));
}

TEST(a_newer_format_is_said_to_be_newer)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	struct cfs_erofs_header *head;
	unsigned have;

	write_image(1, &image);
	head = (struct cfs_erofs_header *)(void *)image.data;
	head->composefs_version = cfs_put32(3);
	CHECK(version_of(cfs_buf_bytes(&image), &have) == -EINVAL);
	CHECK(strstr(err.msg, "newer format"));
}
