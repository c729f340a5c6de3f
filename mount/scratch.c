/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/scratch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/kernel.h"
#include "mount/context.h"

/*
 * A file system of our own at the directory, and private: what is attached
 * below it can be moved away again, which the kernel refuses below a shared
 * mount, and PID 1 has made / shared.
 */
static int make_private(const char *dir, struct cfs_err *err)
{
	const struct mount_attr private = { .propagation = MS_PRIVATE };
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_context_open(&ctx, "tmpfs", err);

	if (r < 0)
		return r;
	cfs_context_string(&ctx, "mode", "0700");
	fd = cfs_context_mount(&ctx, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	if (fd < 0)
		return fd;
	r = cfs_kernel_move_mount(fd, AT_FDCWD, dir, 0);
	if (r == 0) {
		r = cfs_kernel_mount_setattr(fd, "", AT_EMPTY_PATH, &private);
		if (r < 0)
			(void)!cfs_kernel_detach(dir);
	}
	return r < 0 ? cfs_fail_code(err, r, "attach a private mount at %s",
				     dir)
		     : 0;
}

static int open_scratch(struct cfs_scratch *scratch, struct cfs_err *err)
{
	CFS_AUTOFD int root = -EBADF, dir = -EBADF;
	int r;

	if (scratch->open)
		return 0;
	/* Anything may lie on the way to the directory.  No link is followed,
	 * so from here on its path can be relied on. */
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	dir = cfs_make_dirs(root, scratch->dir + 1, 0700);
	if (dir < 0)
		return cfs_fail_code(err, dir, "make %s", scratch->dir);
	r = make_private(scratch->dir, err);
	if (r < 0)
		(void)rmdir(scratch->dir);
	else
		scratch->open = true;
	return r;
}

int cfs_scratch_attach(struct cfs_scratch *scratch, int mount_fd,
		       struct cfs_err *err)
{
	char path[PATH_MAX];
	int r;

	if (mount_fd < 0)
		return 0;
	for (unsigned i = 0; i < scratch->n; i++)
		if (scratch->fds[i] == mount_fd)
			return 0;
	if (scratch->n == CFS_SCRATCH_MAX)
		return cfs_fail(err, EMFILE, "attach a mount: no place left");
	r = open_scratch(scratch, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/%u", scratch->dir, scratch->n);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "make %s", path);
	r = cfs_kernel_move_mount(mount_fd, AT_FDCWD, path, 0);
	if (r < 0)
		return cfs_fail_code(err, r, "attach a mount at %s", path);
	scratch->fds[scratch->n++] = mount_fd;
	return 0;
}

void cfs_scratch_close(struct cfs_scratch *scratch)
{
	if (!scratch->open)
		return;
	/* This includes everything that is still attached below it. */
	(void)!cfs_kernel_detach(scratch->dir);
	(void)rmdir(scratch->dir);
	scratch->open = false;
	scratch->n = 0;
}
