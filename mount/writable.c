/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/writable.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/auto.h"
#include "base/kernel.h"

/* Opens @mount, if it is a mount that @path lies on and is read-only.
 * Returns a descriptor, or -ENOENT if not. */
static int open_if_read_only(const char *path, const char *mount)
{
	CFS_AUTOFD int fd = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statx root, below;
	struct statvfs fs;

	if (fd < 0 || fstatvfs(fd, &fs) < 0 || !(fs.f_flag & ST_RDONLY))
		return -ENOENT;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0 ||
	    statx(AT_FDCWD, path, 0, STATX_MNT_ID, &below) < 0)
		return -ENOENT;
	/* Both were unknown before Linux 5.8. */
	if (!(root.stx_attributes & STATX_ATTR_MOUNT_ROOT) ||
	    !(root.stx_mask & below.stx_mask & STATX_MNT_ID) ||
	    root.stx_mnt_id != below.stx_mnt_id)
		return -ENOENT;
	return cfs_steal_fd(&fd);
}

int cfs_mount_make_writable(const char *path, const char *mount,
			    struct cfs_err *err)
{
	const struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
	CFS_AUTOFD int shared = open_if_read_only(path, mount);
	CFS_AUTOFD int own = -EBADF;
	int r;

	if (shared < 0 || unshare(CLONE_NEWNS) < 0)
		return 0;
	/* In the new namespace the mount is another one. */
	own = open_if_read_only(path, mount);
	r = own < 0 ? own
		    : cfs_kernel_mount_setattr(own, "", AT_EMPTY_PATH, &attr);
	/* EPERM: the flag was locked by a namespace with more privileges.
	 * ENOSYS: Linux before 5.12. */
	if (r == -EPERM || r == -ENOSYS)
		return 0;
	if (r < 0)
		return cfs_fail_code(err, r, "make %s writable", mount);
	return 1;
}
