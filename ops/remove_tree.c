/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/remove_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/dir_names.h"
#include "base/io.h"

static int remove_at(int dirfd, const char *name, unsigned depth,
		     struct cfs_err *err);

static int empty(int dirfd, const char *name, unsigned depth,
		 struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	int list, r;

	if (depth == CFS_REMOVE_DEPTH_MAX)
		return cfs_fail(err, ELOOP, "remove %s: nested too deeply",
				name);
	fd = cfs_openat2(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
				 RESOLVE_NO_XDEV);
	if (fd == -EXDEV)
		return cfs_fail(err, EXDEV,
				"remove %s: a file system is mounted there",
				name);
	list = fd < 0 ? fd : cfs_reopen(fd, O_RDONLY | O_DIRECTORY);
	r = list < 0 ? list : cfs_dir_names_read(&list, &names);
	if (r < 0)
		return cfs_fail_code(err, r, "remove %s", name);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = remove_at(fd, names.v[i].name, depth + 1, err);
	return r;
}

static int remove_at(int dirfd, const char *name, unsigned depth,
		     struct cfs_err *err)
{
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* Of a directory some file systems say this and some that. */
	if (errno != EISDIR && errno != EPERM)
		return cfs_fail_errno(err, "remove %s", name);
	r = empty(dirfd, name, depth, err);
	if (r < 0)
		return r;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		return cfs_fail_errno(err, "remove %s", name);
	return 0;
}

int cfs_remove_tree(int dirfd, const char *name, struct cfs_err *err)
{
	return remove_at(dirfd, name, 0, err);
}
