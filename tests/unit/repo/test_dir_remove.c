/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/dir.h"

#include "base/io.h"
#include "tests/unit/repo/repo.h"

/* Deeper than a repository ever is. */
#define DEEP 256

static struct cfs_err err;
static char root[4096];

static int remove_it(const char *name)
{
	CFS_AUTOFD int fd = -EBADF;

	fd = open_dir(root);
	return cfs_dir_remove(fd, name, DEEP, &err);
}

static int exists(const char *name)
{
	CFS_AUTOFD int fd = -EBADF;

	fd = open_dir(root);
	return cfs_name_exists(fd, name);
}

TEST(a_directory_goes_with_all_that_is_in_it)
{
	strcpy(root, fresh_dir());
	make_dir(root, "a");
	make_dir(root, "a/b");
	make_dir(root, "a/b/c");
	put(root, "a/b/c/file", "x");
	put(root, "a/.hidden", "x");
	put(root, "other", "x");
	CHECK_EQ(remove_it("a"), 0);
	CHECK(!exists("a") && exists("other"));
	CHECK_EQ(remove_it("a"), 0);
	CHECK_EQ(remove_it("other"), 0);
	CHECK(!exists("other"));
}

TEST(links_are_removed_and_not_followed)
{
	strcpy(root, fresh_dir());
	make_dir(root, "kept");
	put(root, "kept/file", "x");
	make_dir(root, "a");
	make_link(root, "a/var", "../kept");
	make_link(root, "link", "kept");
	CHECK_EQ(remove_it("a"), 0);
	CHECK_EQ(remove_it("link"), 0);
	CHECK(!exists("a") && !exists("link") && exists("kept/file"));
}

TEST(nesting_has_a_limit)
{
	CFS_AUTOFD int fd = -EBADF;

	strcpy(root, fresh_dir());
	fd = open_dir(root);
	for (int i = 0; i <= DEEP; i++) {
		int next;

		CHECK_EQ(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(next >= 0);
		(void)close(fd);
		fd = next;
	}
	CHECK_EQ(remove_it("d"), -ELOOP);
	CHECK(exists("d"));
	CHECK_EQ(unlinkat(fd, "../d", AT_REMOVEDIR), 0);
	CHECK_EQ(remove_it("d"), 0);
	CHECK(!exists("d"));
}
