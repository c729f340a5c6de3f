/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Enabling fs-verity, which composefs-setup-root never does: kept apart from
 * kernel.c, which that is linked from. */
#include <sys/ioctl.h>

#include "base/kernel.h"

int cfs_kernel_enable_verity(int fd, const struct fsverity_enable_arg *arg)
{
	return ioctl(fd, FS_IOC_ENABLE_VERITY, arg) < 0 ? -errno : 0;
}
