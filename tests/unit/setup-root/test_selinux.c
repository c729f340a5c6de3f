/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/selinux.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;

static int new_root(bool selinux)
{
	char dir[4096];
	int fd;

	snprintf(dir, sizeof(dir), "%s/selinux-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(mkdirat(fd, "run", 0755), 0);
	CHECK_EQ(mkdirat(fd, "sys", 0755), 0);
	CHECK_EQ(mkdirat(fd, "sys/fs", 0755), 0);
	CHECK(!selinux || mkdirat(fd, "sys/fs/selinux", 0755) == 0);
	return fd;
}

static bool has(int root, const char *path)
{
	return cfs_name_exists(root, path) == 1;
}

#define EXTRA "run/systemd/relabel-extra.d/composefs.relabel"
#define UNIT  "run/systemd/system/composefs-relabel.service"
#define WANT  "run/systemd/system/sysinit.target.wants/composefs-relabel.service"

TEST(kernels_without_selinux_are_left_alone)
{
	CFS_AUTOFD int root = new_root(false);

	CHECK_EQ(cfs_selinux_prepare(root, true, true, &err), 0);
	CHECK(!has(root, "run/systemd"));
}

TEST(persistent_roots_are_left_alone)
{
	CFS_AUTOFD int root = new_root(true);

	CHECK_EQ(cfs_selinux_prepare(root, false, false, &err), 0);
	CHECK(!has(root, "run/systemd"));
}

TEST(a_transient_etc_is_relabelled_by_systemd)
{
	CFS_AUTOFD int root = new_root(true);
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	CHECK_EQ(cfs_selinux_prepare(root, false, true, &err), 0);
	CHECK_EQ(cfs_read_file(root, EXTRA, 100, &text, &err), 1);
	CHECK_STR(cfs_buf_text(&text), "/etc\n");
	CHECK(!has(root, UNIT));
}

TEST(a_transient_root_is_relabelled_alone_not_all_below_it)
{
	CFS_AUTOFD int root = new_root(true);
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	CHECK_EQ(cfs_selinux_prepare(root, true, false, &err), 0);
	/* Once more, as after a first attempt that failed later. */
	CHECK_EQ(cfs_selinux_prepare(root, true, false, &err), 0);
	CHECK_EQ(cfs_read_file(root, UNIT, 4096, &text, &err), 1);
	CHECK(strstr(cfs_buf_text(&text), "restorecon -F /\n"));
	CHECK(has(root, WANT) && !has(root, EXTRA));
	CHECK_EQ(faccessat(root, WANT, R_OK, 0), 0);
}

TEST(a_run_that_cannot_be_written_is_an_error)
{
	CFS_AUTOFD int root = new_root(true);

	CHECK_EQ(mkfifoat(root, "run/systemd", 0644), 0);
	CHECK_EQ(cfs_selinux_prepare(root, true, true, &err), -ENOTDIR);
	CHECK_EQ(cfs_selinux_prepare(root, false, true, &err), -ENOTDIR);
}
