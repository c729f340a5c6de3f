/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/inside.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"

/* Opens @path or, if it does not exist yet, the nearest directory above. */
static int open_nearest(const char *path, struct cfs_err *err)
{
	CFS_AUTOFREE char *copy = strdup(*path ? path : ".");
	int fd = -EBADF;

	if (!copy)
		return cfs_no_memory(err);
	while ((fd = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 &&
	       errno == ENOENT && strcmp(copy, ".") != 0 &&
	       strcmp(copy, "/") != 0) {
		char *slash = strrchr(copy, '/');

		if (!slash)
			strcpy(copy, ".");
		else
			slash[slash == copy] = '\0';
	}
	return fd < 0 ? cfs_fail_errno(err, "open %s", copy) : fd;
}

/* Climbs by "..", since the texts of two paths tell nothing where symbolic
 * links and mounts are involved. */
int cfs_is_inside(const char *path, int dir, struct cfs_err *err)
{
	CFS_AUTOFD int fd = open_nearest(path, err);
	struct stat top, st, last = { 0 };

	if (fd < 0)
		return fd;
	if (fstat(dir, &top) < 0 || fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "look at directories");
	while (!cfs_is_same_file(&st, &top)) {
		int up;

		if (cfs_is_same_file(&st, &last))
			return 0; /* the root is its own parent */
		last = st;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		cfs_closep(&fd);
		fd = up;
		/* A tree above a directory that we may not pass cannot be read
		 * through it either. */
		if (fd < 0 && errno == EACCES)
			return 0;
		if (fd < 0 || fstat(fd, &st) < 0)
			return cfs_fail_errno(err, "look at directories");
	}
	return 1;
}
