/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/passthrough.h"

#include <linux/fuse.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* The headers of kernels before 6.9 lack it. */
#ifndef FUSE_DEV_IOC_BACKING_OPEN
struct fuse_backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};
#define FUSE_DEV_IOC_BACKING_OPEN  _IOW(229, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE _IOW(229, 2, uint32_t)
#endif

int cfs_fuse_backing_open(int session, int fd)
{
	struct fuse_backing_map map = { .fd = fd };
	int r = ioctl(session, FUSE_DEV_IOC_BACKING_OPEN, &map);

	return r < 0 ? -errno : r;
}

void cfs_fuse_backing_close(int session, int backing)
{
	uint32_t id = (uint32_t)backing;

	(void)ioctl(session, FUSE_DEV_IOC_BACKING_CLOSE, &id);
}
