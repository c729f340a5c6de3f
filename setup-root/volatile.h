/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * /run/systemd/volatile-root: which disk is behind a root that is an overlay.
 * systemd's gpt-auto-generator, repart, sysupdate and bootctl read it, take it
 * literally and look for a partition table on it; so it must name a partition,
 * not the LUKS or LVM device on top.
 *
 * Source: systemd src/volatile-root, src/shared/blockdev-util.c;
 * Documentation/ABI/testing/sysfs-block (slaves).
 */
#ifndef CFS_SETUP_ROOT_VOLATILE_H
#define CFS_SETUP_ROOT_VOLATILE_H

#include <sys/types.h>

#include "base/err.h"

/*
 * The one block device below the file system of the open directory
 * @sysroot_fd, walked down through devices with a single one below.
 * @root_fd: directory that stands for /, with sys/ and dev/.
 *
 * Returns 0 when there is not exactly one (network, several disks, memory).
 */
dev_t cfs_volatile_find(int sysroot_fd, int root_fd) CFS_MUST_CHECK;

/* The walk alone: from @dev down while exactly one device is below it. */
dev_t cfs_volatile_walk(int root_fd, dev_t dev);

/*
 * Makes the link below @root_fd.  One that is there already stays.
 * Errors: of mkdirat and symlinkat.
 */
int cfs_volatile_link(int root_fd, dev_t dev,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
