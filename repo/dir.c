/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/dir.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"

#define SAFE (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)

int cfs_dir_open(int dirfd, const char *path)
{
	return cfs_openat2(dirfd, path, O_RDONLY | O_DIRECTORY, 0, SAFE);
}

int cfs_dir_sync(int fd, struct cfs_err *err)
{
	/* Some file systems cannot sync directories. */
	if (fsync(fd) < 0 && errno != EINVAL && errno != EOPNOTSUPP)
		return cfs_fail_errno(err, "fsync a directory");
	return 0;
}

static int step(int *fd, const char *name, bool sync, struct cfs_err *err)
{
	int next = cfs_dir_open(*fd, name), r;

	if (next == -ENOENT) {
		/* EEXIST: another process was faster. */
		if (mkdirat(*fd, name, 0755) < 0 && errno != EEXIST)
			return cfs_fail_errno(err, "make directory %s", name);
		r = sync ? cfs_dir_sync(*fd, err) : 0;
		if (r < 0)
			return r;
		next = cfs_dir_open(*fd, name);
	}
	if (next < 0)
		return cfs_fail(err, -next, "open directory %s: %s", name,
				strerror(-next));
	cfs_closep(fd);
	*fd = next;
	return 0;
}

static int make(int dirfd, const char *path, bool sync, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	char part[NAME_MAX + 1];
	int r;

	fd = cfs_dir_open(dirfd, path);
	if (fd >= 0)
		return cfs_steal_fd(&fd);
	fd = cfs_dir_open(dirfd, ".");
	if (fd < 0)
		return cfs_fail(err, -fd, "open directory: %s", strerror(-fd));
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len >= sizeof(part))
			return cfs_fail(err, ENAMETOOLONG, "make directory %s",
					path);
		memcpy(part, path, len);
		part[len] = '\0';
		r = len ? step(&fd, part, sync, err) : 0;
		if (r < 0)
			return r;
		path += len + (path[len] == '/');
	}
	return cfs_steal_fd(&fd);
}

int cfs_dir_make(int dirfd, const char *path, struct cfs_err *err)
{
	return make(dirfd, path, false, err);
}

int cfs_dir_make_synced(int dirfd, const char *path, struct cfs_err *err)
{
	return make(dirfd, path, true, err);
}

int cfs_dir_list(int dirfd, const char *path, struct cfs_dir_names *ret,
		 struct cfs_err *err)
{
	int fd = cfs_dir_open(dirfd, path), r;

	*ret = (struct cfs_dir_names){ 0 };
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return cfs_fail(err, -fd, "open directory %s: %s", path,
				strerror(-fd));
	r = cfs_dir_names_read(&fd, ret);
	if (r < 0)
		return cfs_fail(err, -r, "read directory %s: %s", path,
				strerror(-r));
	return 0;
}

/* Empties the directory @name. */
static int empty(int dirfd, const char *name, unsigned depth,
		 struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	int r;

	if (depth == 0)
		return cfs_fail(err, ELOOP, "remove %s: nested too deeply",
				name);
	fd = cfs_openat2(dirfd, name, O_RDONLY | O_DIRECTORY, 0,
			 SAFE | RESOLVE_NO_XDEV);
	if (fd == -EXDEV)
		return cfs_fail(err, EXDEV,
				"remove %s: a file system is mounted there",
				name);
	if (fd < 0)
		return cfs_fail(err, -fd, "remove %s: %s", name, strerror(-fd));
	r = cfs_dir_list(fd, ".", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++)
		r = cfs_dir_remove(fd, names.v[i].name, depth - 1, err);
	return r;
}

int cfs_dir_remove(int dirfd, const char *name, unsigned depth,
		   struct cfs_err *err)
{
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* For a directory, Linux says EISDIR and POSIX EPERM. */
	if (errno != EISDIR && errno != EPERM)
		return cfs_fail_errno(err, "remove %s", name);
	r = empty(dirfd, name, depth, err);
	if (r < 0)
		return r;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		return cfs_fail_errno(err, "remove %s", name);
	return 0;
}
