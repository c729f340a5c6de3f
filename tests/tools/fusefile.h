/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What tools share that serve an image by FUSE. */
#ifndef CFS_TESTS_TOOLS_FUSEFILE_H
#define CFS_TESTS_TOOLS_FUSEFILE_H

#include <err.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "fuse/serve.h"

/* Maps the file @path, as it is.  Exits on failure. */
static inline struct cfs_bytes map_file(const char *path)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st) < 0)
		err(1, "%s", path);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		err(1, "mmap");
	return (struct cfs_bytes){ data, (size_t)st.st_size };
}

/* Serves @image with the directory @objects until it is unmounted; the other
 * parameters are those of @base.  Exits on failure. */
static inline void serve_file(const struct cfs_fuse_params *base,
			      struct cfs_bytes image, const char *objects,
			      const char *mountpoint)
{
	CFS_AUTOFD int fd = open(objects, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cfs_fuse_params params = *base;
	struct cfs_err e = { 0 };

	if (fd < 0)
		err(1, "%s", objects);
	params.image = image;
	params.objects_fd = fd;
	params.mountpoint = mountpoint;
	params.upper_fd = params.work_fd = -EBADF;
	if (cfs_fuse_serve(&params, &e) < 0)
		errx(1, "%s", e.msg);
}

#endif
