/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One function for each system call, without any policy: unit tests link
 * tests/fake/kernel.c in its place and answer like any kernel they want.  Most
 * are called by number, since not every C library has functions for them.
 */
#include "base/kernel.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

static int answer(long r)
{
	return r < 0 ? -errno : (int)r;
}

int cfs_kernel_measure_verity(int fd, struct fsverity_digest *buf)
{
	return answer(ioctl(fd, FS_IOC_MEASURE_VERITY, buf));
}

int cfs_kernel_read_verity_metadata(int fd,
				    struct fsverity_read_metadata_arg *arg)
{
	return answer(ioctl(fd, FS_IOC_READ_VERITY_METADATA, arg));
}

int cfs_kernel_fsopen(const char *fs_name)
{
	return answer(syscall(SYS_fsopen, fs_name, FSOPEN_CLOEXEC));
}

int cfs_kernel_fsconfig(int fs_fd, unsigned cmd, const char *key,
			const void *value, int aux)
{
	return answer(syscall(SYS_fsconfig, fs_fd, cmd, key, value, aux));
}

int cfs_kernel_fsmount(int fs_fd, unsigned attr_flags)
{
	return answer(syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, attr_flags));
}

int cfs_kernel_fs_message(int fs_fd, char *buf, size_t size)
{
	ssize_t n = read(fs_fd, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return (int)n;
}

int cfs_kernel_open_tree(int dirfd, const char *path, unsigned flags)
{
	return answer(
		syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int cfs_kernel_move_mount(int from_fd, int to_dirfd, const char *to_path,
			  unsigned flags)
{
	return answer(syscall(SYS_move_mount, from_fd, "", to_dirfd, to_path,
			      flags | MOVE_MOUNT_F_EMPTY_PATH));
}

int cfs_kernel_mount_setattr(int dirfd, const char *path, unsigned flags,
			     const struct mount_attr *attr)
{
	return answer(syscall(SYS_mount_setattr, dirfd, path, flags, attr,
			      sizeof(*attr)));
}

int cfs_kernel_detach(const char *target)
{
	return answer(umount2(target, MNT_DETACH));
}

int cfs_kernel_open_device(const char *path)
{
	return answer(open(path, O_RDWR | O_CLOEXEC));
}

int cfs_kernel_loop_get_free(int control_fd)
{
	return answer(ioctl(control_fd, LOOP_CTL_GET_FREE));
}

int cfs_kernel_loop_configure(int loop_fd, const struct loop_config *config)
{
	return answer(ioctl(loop_fd, LOOP_CONFIGURE, config));
}
