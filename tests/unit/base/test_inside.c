/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/inside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/test.h"

static struct cfs_err err;

TEST(directories_are_told_apart_by_what_they_are)
{
	CFS_AUTOFD int dir = -EBADF;

	CHECK_EQ(chdir(getenv("TMPDIR")), 0);
	CHECK_EQ(mkdir("tree", 0700), 0);
	CHECK_EQ(mkdir("tree/sub", 0700), 0);
	CHECK_EQ(mkdir("tree2", 0700), 0);
	CHECK_EQ(symlink("tree/sub", "in"), 0);
	CHECK_EQ(symlink("../tree2", "tree/out"), 0);
	dir = open("tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0);
	CHECK_EQ(cfs_is_inside("tree", dir, &err), 1);
	CHECK_EQ(cfs_is_inside("tree/sub", dir, &err), 1);
	CHECK_EQ(cfs_is_inside("tree/sub/../..", dir, &err), 0);
	CHECK_EQ(cfs_is_inside("in", dir, &err), 1);
	CHECK_EQ(cfs_is_inside("tree/out", dir, &err), 0);
	CHECK_EQ(cfs_is_inside("tree2", dir, &err), 0);
	CHECK_EQ(cfs_is_inside(".", dir, &err), 0);
	CHECK_EQ(cfs_is_inside("/", dir, &err), 0);
}

TEST(what_is_not_there_yet_is_where_it_would_be_made)
{
	CFS_AUTOFD int dir = -EBADF;

	CHECK_EQ(chdir(getenv("TMPDIR")), 0);
	CHECK_EQ(mkdir("later", 0700), 0);
	dir = open("later", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0);
	CHECK_EQ(cfs_is_inside("later/a/b/c", dir, &err), 1);
	CHECK_EQ(cfs_is_inside("sooner/a/b/c", dir, &err), 0);
	CHECK_EQ(cfs_is_inside("sooner", dir, &err), 0);
	CHECK_EQ(cfs_is_inside("", dir, &err), 0);
	CHECK_EQ(chdir("later"), 0);
	CHECK_EQ(cfs_is_inside("x", dir, &err), 1);
	CHECK_EQ(cfs_is_inside("", dir, &err), 1);
}
