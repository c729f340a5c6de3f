/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Enabling fs-verity, which composefs-setup-root never does: kept apart from
 * base/kernel.h, by which it calls the kernel. */
#ifndef CFS_BASE_KERNEL_ENABLE_H
#define CFS_BASE_KERNEL_ENABLE_H

#include <linux/fsverity.h>

#include "base/auto.h"

/* FS_IOC_ENABLE_VERITY.  @fd must be read-only, and nothing may have the file
 * open for writing.  Returns 0, or negative errno. */
int cfs_kernel_enable_verity(int fd, const struct fsverity_enable_arg *arg)
	CFS_MUST_CHECK CFS_NONNULL;

#endif
