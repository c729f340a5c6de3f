/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/upper.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/io.h"

/* Bounds of the kernel: linux/limits.h, XATTR_LIST_MAX and XATTR_SIZE_MAX. */
#define XATTRS_MAX 65536

void cfs_upper_close(struct cfs_upper *upper)
{
	cfs_closep(&upper->upper_fd);
	cfs_closep(&upper->work_fd);
}

/* Not trusted.*, where overlayfs keeps its own marks. */
static bool is_copied(const char *name)
{
	return strncmp(name, "security.", 9) == 0 ||
	       strncmp(name, "user.", 5) == 0 ||
	       strncmp(name, "system.posix_acl_", 17) == 0;
}

static int copy_xattrs(int from_fd, int to_fd)
{
	CFS_AUTOFREE char *names = malloc(2 * XATTRS_MAX);
	char from[CFS_FD_PATH_MAX], to[CFS_FD_PATH_MAX];
	char *value;
	ssize_t len;

	if (!names)
		return -ENOMEM;
	value = names + XATTRS_MAX;
	cfs_fd_path(from_fd, from);
	cfs_fd_path(to_fd, to);
	len = listxattr(from, names, XATTRS_MAX);
	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (char *n = names; n < names + len; n += strlen(n) + 1) {
		ssize_t size;

		if (!is_copied(n))
			continue;
		size = getxattr(from, n, value, XATTRS_MAX);
		if (size < 0)
			return -errno;
		/* On a disk without xattrs or ACLs the layer has none. */
		if (setxattr(to, n, value, (size_t)size, 0) < 0 &&
		    errno != EOPNOTSUPP)
			return -errno;
	}
	return 0;
}

/* Owner first: a change of owner takes set-id bits away. */
static int copy_attributes(int from_fd, int to_fd)
{
	struct timespec times[2];
	char to[CFS_FD_PATH_MAX];
	struct stat st;
	int r;

	cfs_fd_path(to_fd, to);
	if (fstat(from_fd, &st) < 0 || chown(to, st.st_uid, st.st_gid) < 0 ||
	    chmod(to, st.st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(from_fd, to_fd);
	if (r < 0)
		return r;
	times[0] = times[1] = st.st_mtim;
	return utimensat(AT_FDCWD, to, times, 0) < 0 ? -errno : 0;
}

/*
 * Made under another name and renamed when all is set, so a machine that loses
 * power meanwhile starts over.  An upper directory that exists is not touched.
 */
static int make_upper(int dir_fd, int lower_fd)
{
	CFS_AUTOFD int fd = cfs_make_dirs(dir_fd, CFS_UPPER_UNFINISHED, 0700);
	int r;

	if (fd < 0)
		return fd;
	r = copy_attributes(lower_fd, fd);
	if (r < 0)
		return r;
	r = cfs_rename_new(dir_fd, CFS_UPPER_UNFINISHED, "upper");
	return r < 0 ? r : cfs_steal_fd(&fd);
}

static int cannot(struct cfs_err *err, const char *name, int code)
{
	if (code == EROFS)
		return cfs_fail(err, EROFS,
				"make %s: the physical root is read-only: add "
				"rw to the kernel command line",
				name);
	return cfs_fail(err, code, "open %s: %s", name, strerror(code));
}

int cfs_upper_open(int dir_fd, int lower_fd, struct cfs_upper *ret,
		   struct cfs_err *err)
{
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;

	upper.upper_fd = cfs_openat2(dir_fd, "upper", O_PATH | O_DIRECTORY, 0,
				     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (upper.upper_fd == -ENOENT)
		upper.upper_fd = make_upper(dir_fd, lower_fd);
	if (upper.upper_fd < 0)
		return cannot(err, "upper", -upper.upper_fd);
	upper.work_fd = cfs_make_dirs(dir_fd, "work", 0700);
	if (upper.work_fd < 0)
		return cannot(err, "work", -upper.work_fd);
	*ret = upper;
	upper = (struct cfs_upper)CFS_UPPER_INIT;
	return 0;
}
