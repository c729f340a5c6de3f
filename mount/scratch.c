/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/scratch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/kernel.h"

static void place(const struct cfs_scratch *scratch, unsigned i,
		  char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%u", scratch->dir, i);
}

/* The directory and the one above it: /run is there, /run/composefs may not
 * be. */
static int make_dir(const char *dir)
{
	char parent[PATH_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", dir);
	slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = '\0';
		if (mkdir(parent, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return mkdir(dir, 0700) < 0 && errno != EEXIST ? -errno : 0;
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
	place(scratch, scratch->n, path);
	r = make_dir(scratch->dir);
	if (r == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0)
		return cfs_fail(err, -r, "make %s: %s", path, strerror(-r));
	r = cfs_kernel_move_mount(mount_fd, AT_FDCWD, path, 0);
	if (r < 0) {
		(void)rmdir(path);
		return cfs_fail(err, -r, "attach a mount at %s: %s", path,
				strerror(-r));
	}
	scratch->fds[scratch->n++] = mount_fd;
	return 0;
}

void cfs_scratch_close(struct cfs_scratch *scratch)
{
	char path[PATH_MAX];

	if (scratch->n == 0)
		return;
	while (scratch->n > 0) {
		place(scratch, --scratch->n, path);
		(void)!cfs_kernel_detach(path);
		(void)rmdir(path);
	}
	(void)rmdir(scratch->dir);
}
