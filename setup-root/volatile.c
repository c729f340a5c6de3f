/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/volatile.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/io.h"

#define DEPTH_MAX 16 /* devices on top of each other */

/* A btrfs has a device number of its own; ask it for its one disk. */
static dev_t btrfs_device(int dir_fd)
{
	/* @dir_fd may be O_PATH, on which every ioctl fails. */
	CFS_AUTOFD int fd = cfs_reopen(dir_fd, O_RDONLY | O_DIRECTORY);
	struct btrfs_ioctl_fs_info_args info = { 0 };
	struct stat st;

	if (fd < 0 || ioctl(fd, BTRFS_IOC_FS_INFO, &info) < 0 ||
	    info.num_devices != 1)
		return 0;
	for (uint64_t id = 1; id <= info.max_id && id < 1024; id++) {
		struct btrfs_ioctl_dev_info_args dev = { .devid = id };

		if (ioctl(fd, BTRFS_IOC_DEV_INFO, &dev) < 0)
			continue;
		dev.path[sizeof(dev.path) - 1] = '\0';
		if (stat((const char *)dev.path, &st) < 0 ||
		    !S_ISBLK(st.st_mode))
			return 0;
		return st.st_rdev;
	}
	return 0;
}

static dev_t read_dev(int dirfd, const char *name)
{
	CFS_AUTOFD int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	unsigned major, minor;

	if (fd < 0 || cfs_read_full(fd, text, sizeof(text) - 1) < 0 ||
	    sscanf(text, "%u:%u", &major, &minor) != 2)
		return 0;
	return makedev(major, minor);
}

/* The device below @dev, if it is the only one, or 0. */
static dev_t only_slave(int root_fd, dev_t dev)
{
	char path[96], name[NAME_MAX + sizeof("/dev")] = "";
	CFS_AUTODIR DIR *dir = NULL;
	struct dirent *entry;
	unsigned n = 0;
	int fd;

	snprintf(path, sizeof(path), "sys/dev/block/%u:%u/slaves", major(dev),
		 minor(dev));
	fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/dev", entry->d_name);
		n++;
	}
	return n == 1 ? read_dev(dirfd(dir), name) : 0;
}

/* systemd takes the text of the link as it is, and looks for a partition table
 * there: so it has to name the partition and not LUKS or LVM on it. */
dev_t cfs_volatile_walk(int root_fd, dev_t dev)
{
	dev_t below = dev;

	for (int depth = 0; below && depth < DEPTH_MAX; depth++) {
		dev = below;
		below = only_slave(root_fd, dev);
	}
	return dev;
}

dev_t cfs_volatile_find(int sysroot_fd, int root_fd)
{
	struct statfs fs;
	struct stat st;
	dev_t dev = 0;

	if (fstat(sysroot_fd, &st) < 0 || fstatfs(sysroot_fd, &fs) < 0)
		return 0;
	/* Btrfs and network file systems have made-up numbers, of major 0. */
	if ((uint32_t)fs.f_type == BTRFS_SUPER_MAGIC)
		dev = btrfs_device(sysroot_fd);
	else if (major(st.st_dev) != 0)
		dev = st.st_dev;
	/* The link that systemd's udev rules make to the booted disk's root. */
	if (!dev && fstatat(root_fd, "dev/gpt-auto-root", &st, 0) == 0 &&
	    S_ISBLK(st.st_mode))
		dev = st.st_rdev;
	return dev ? cfs_volatile_walk(root_fd, dev) : 0;
}

int cfs_volatile_link(int root_fd, dev_t dev, struct cfs_err *err)
{
	CFS_AUTOFD int dir = cfs_make_dirs(root_fd, "run/systemd", 0755);
	char target[64];

	if (dir < 0)
		return cfs_fail_code(err, dir, "create /run/systemd");
	snprintf(target, sizeof(target), "/dev/block/%u:%u", major(dev),
		 minor(dev));
	if (symlinkat(target, dir, "volatile-root") < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "link /run/systemd/volatile-root");
	return 0;
}
