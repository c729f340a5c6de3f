/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/dir.h"

#include "tests/unit/repo/repo.h"

static struct cfs_err err;

TEST(missing_directories_are_made)
{
	CFS_AUTOFD int root = -EBADF, fd = -EBADF;
	const char *dir = fresh_dir();

	root = open_dir(dir);
	fd = cfs_dir_make_synced(root, "a/b//c", &err);
	CHECK(fd >= 0);
	put(dir, "a/b/c/file", "x");
	CHECK_EQ(faccessat(fd, "file", F_OK, 0), 0);
	cfs_closep(&fd);
	fd = cfs_dir_make(root, "a/b", &err);
	CHECK(fd >= 0);
	CHECK_EQ(faccessat(fd, "c", F_OK, 0), 0);
}

TEST(links_and_files_in_the_way_are_refused)
{
	CFS_AUTOFD int root = -EBADF;
	const char *dir = fresh_dir();

	root = open_dir(dir);
	make_link(dir, "link", "/usr");
	put(dir, "file", "");
	CHECK_EQ(cfs_dir_open(root, "link"), -ELOOP);
	CHECK_EQ(cfs_dir_make(root, "link/x", &err), -ELOOP);
	CHECK_EQ(cfs_dir_make(root, "file/x", &err), -ENOTDIR);
	CHECK_EQ(cfs_dir_make(root, "../x", &err), -EXDEV);
	CHECK_EQ(cfs_dir_open(root, ".."), -EXDEV);
}

TEST(names_are_listed_in_order)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int root = -EBADF;
	const char *dir = fresh_dir();

	root = open_dir(dir);
	put(dir, "b", "");
	put(dir, "a", "");
	put(dir, ".c", "");
	CHECK_EQ(cfs_dir_list(root, ".", &names, &err), 0);
	CHECK_EQ(names.n, 3);
	CHECK(!strcmp(names.v[0].name, ".c"));
	CHECK(!strcmp(names.v[1].name, "a"));
	CHECK(!strcmp(names.v[2].name, "b"));
	cfs_dir_names_free(&names);
	CHECK_EQ(cfs_dir_list(root, "absent", &names, &err), 0);
	CHECK_EQ(names.n, 0);
	CHECK_EQ(cfs_dir_list(root, "a", &names, &err), -ENOTDIR);
}

TEST(removal_does_not_follow_links)
{
	CFS_AUTOFD int root = -EBADF;
	char other[4096];
	const char *dir;

	strcpy(other, fresh_dir());
	put(other, "precious", "x");
	dir = fresh_dir();
	root = open_dir(dir);
	make_dir(dir, "d");
	make_dir(dir, "d/e");
	put(dir, "d/e/f", "");
	make_link(dir, "d/link", other);
	CHECK_EQ(cfs_dir_remove(root, "d", CFS_DIR_DEPTH_MAX, &err), 0);
	CHECK(faccessat(root, "d", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
	CHECK(holds(other, "precious", "x"));
	make_link(dir, "link", other);
	CHECK_EQ(cfs_dir_remove(root, "link", CFS_DIR_DEPTH_MAX, &err), 0);
	CHECK(holds(other, "precious", "x"));
	CHECK_EQ(cfs_dir_remove(root, "absent", CFS_DIR_DEPTH_MAX, &err), 0);
}

TEST(removal_is_bounded_in_depth)
{
	CFS_AUTOFD int root = open_dir(fresh_dir());
	int at = dup(root);

	for (int i = 0; i < CFS_DIR_DEPTH_MAX + 1; i++) {
		int next;

		CHECK_EQ(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	close(at);
	CHECK_EQ(cfs_dir_remove(root, "d", CFS_DIR_DEPTH_MAX, &err), -ELOOP);
}
