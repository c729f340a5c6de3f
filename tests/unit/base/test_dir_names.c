/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/dir_names.h"

#include <fcntl.h>

#include "tests/unit/repo/repo.h"

TEST(names_are_sorted_by_their_bytes_and_without_the_dots)
{
	static const char *const names[] = {
		"b", "B", "a", ".x", "\xff", "a0"
	};
	static const char *const want[] = { ".x", "B", "a", "a0", "b", "\xff" };
	CFS_AUTONAMES struct cfs_dir_names got = { 0 };
	const char *dir = fresh_dir();
	int fd = open_dir(dir);

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		put(dir, names[i], "");
	CHECK_EQ(cfs_dir_names_read(&fd, &got), 0);
	CHECK_EQ(fd, -EBADF);
	CHECK_EQ(got.n, CFS_ARRAY_SIZE(want));
	for (unsigned i = 0; i < got.n; i++)
		CHECK_STR(got.v[i].name, want[i]);
}

TEST(each_name_has_its_type)
{
	CFS_AUTONAMES struct cfs_dir_names got = { 0 };
	const char *dir = fresh_dir();
	int fd = open_dir(dir);
	unsigned char type;

	put(dir, "file", "");
	make_dir(dir, "dir");
	CHECK_EQ(symlinkat("file", fd, "link"), 0);
	CHECK_EQ(cfs_dir_names_read(&fd, &got), 0);
	CHECK_EQ(got.n, 3);
	type = got.v[0].type;
	CHECK(type == DT_DIR || type == DT_UNKNOWN);
	type = got.v[1].type;
	CHECK(type == DT_REG || type == DT_UNKNOWN);
	type = got.v[2].type;
	CHECK(type == DT_LNK || type == DT_UNKNOWN);
}

TEST(an_empty_directory_has_no_names)
{
	struct cfs_dir_names got = { 0 };
	int fd = open_dir(fresh_dir());

	CHECK_EQ(cfs_dir_names_read(&fd, &got), 0);
	CHECK_EQ(got.n, 0);
	CHECK(!got.v);
}

TEST(what_is_no_directory_is_closed_too)
{
	struct cfs_dir_names got = { 0 };
	const char *dir = fresh_dir();
	CFS_AUTOFREE char *path = below(dir, "file");
	int fd, copy;

	put(dir, "file", "");
	copy = fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_EQ(cfs_dir_names_read(&fd, &got), -ENOTDIR);
	CHECK_EQ(fd, -EBADF);
	CHECK(fcntl(copy, F_GETFD) < 0);
}
