/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/kernel_enable.h"

#include <sys/ioctl.h>

int cfs_kernel_enable_verity(int fd, const struct fsverity_enable_arg *arg)
{
	return ioctl(fd, FS_IOC_ENABLE_VERITY, arg) < 0 ? -errno : 0;
}
