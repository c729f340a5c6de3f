/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/volatile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;
static int root = -1;

static void mkdirs(const char *path)
{
	char part[512];

	for (const char *c = path; *c; c++) {
		if (c[1] != '/' && c[1] != '\0')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)(c - path) + 1, path);
		CHECK(mkdirat(root, part, 0755) == 0 || errno == EEXIST);
	}
}

/* The device 254:@upper lies on 8:@lower, as sysfs shows it. */
static void stack(unsigned upper, unsigned lower)
{
	char path[512], text[32];
	int fd;

	snprintf(path, sizeof(path), "sys/dev/block/254:%u/slaves/d%u", upper,
		 lower);
	mkdirs(path);
	snprintf(path, sizeof(path), "sys/dev/block/254:%u/slaves/d%u/dev",
		 upper, lower);
	fd = openat(root, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	snprintf(text, sizeof(text), "254:%u\n", lower);
	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, text, strlen(text)), 0);
	close(fd);
}

static void new_root(void)
{
	char dir[4096];

	cfs_closep(&root);
	snprintf(dir, sizeof(dir), "%s/volatile-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	mkdirs("run");
}

TEST(a_partition_is_its_own_disk)
{
	new_root();
	CHECK_EQ(cfs_volatile_walk(root, makedev(8, 2)), makedev(8, 2));
	mkdirs("sys/dev/block/8:2/slaves");
	CHECK_EQ(cfs_volatile_walk(root, makedev(8, 2)), makedev(8, 2));
}

TEST(D9_luks_on_lvm_ends_at_the_partition)
{
	new_root();
	stack(3, 2);
	stack(2, 1);
	mkdirs("sys/dev/block/254:1/slaves");
	CHECK_EQ(cfs_volatile_walk(root, makedev(254, 3)), makedev(254, 1));
}

TEST(several_devices_below_end_the_walk)
{
	new_root();
	stack(3, 2);
	stack(2, 0);
	stack(2, 1);
	CHECK_EQ(cfs_volatile_walk(root, makedev(254, 3)), makedev(254, 2));
}

TEST(devices_in_a_ring_end_the_walk_too)
{
	new_root();
	stack(1, 2);
	stack(2, 1);
	(void)cfs_volatile_walk(root, makedev(254, 1));
}

TEST(a_root_in_memory_has_no_disk)
{
	CFS_AUTOFD int proc = open("/proc", O_PATH | O_CLOEXEC);
	new_root();
	CHECK(proc >= 0);
	CHECK_EQ(cfs_volatile_find(proc, root), 0);
}

TEST(the_link_is_what_systemd_parses_and_stays_if_it_is_there)
{
	char target[64] = "";

	new_root();
	CHECK_EQ(cfs_volatile_link(root, makedev(259, 17), &err), 0);
	CHECK(readlinkat(root, "run/systemd/volatile-root", target,
			 sizeof(target)) > 0);
	CHECK_STR(target, "/dev/block/259:17");
	CHECK_EQ(cfs_volatile_link(root, makedev(1, 1), &err), 0);
	CHECK(readlinkat(root, "run/systemd/volatile-root", target,
			 sizeof(target)) > 0);
	CHECK_STR(target, "/dev/block/259:17");
}

TEST(a_link_that_cannot_be_made_is_an_error)
{
	new_root();
	CHECK_EQ(mkfifoat(root, "run/systemd", 0644), 0);
	CHECK_EQ(cfs_volatile_link(root, makedev(1, 1), &err), -ENOTDIR);
	CHECK(strstr(err.msg, "/run/systemd"));
}
