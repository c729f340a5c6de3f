/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The only file that makes the system calls and ioctls which an ordinary test
 * machine cannot perform.  Unit tests link tests/fake/kernel.c in its place.
 * The wrappers have no policy and no messages; they return 0 or more on success
 * and negative errno on failure.
 *
 * Arguments and flags are those of the system call of the same name; new
 * descriptors are close-on-exec.
 *
 * Source: linux/mount.h, linux/fsverity.h, linux/loop.h; fsopen(2) family,
 * Documentation/filesystems/fsverity.rst.
 */
#ifndef CFS_BASE_KERNEL_H
#define CFS_BASE_KERNEL_H

#include <linux/fsverity.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

/* FS_IOC_MEASURE_VERITY.  @buf->digest_size is the room for the digest in
 * bytes, and its length afterwards. */
int cfs_kernel_measure_verity(int fd, struct fsverity_digest *buf)
	CFS_MUST_CHECK CFS_NONNULL;

/* FS_IOC_READ_VERITY_METADATA (Linux 5.12).  Returns the bytes read. */
int cfs_kernel_read_verity_metadata(int fd,
				    struct fsverity_read_metadata_arg *arg)
	CFS_MUST_CHECK CFS_NONNULL;

int cfs_kernel_fsopen(const char *fs_name) CFS_MUST_CHECK CFS_NONNULL;
int cfs_kernel_fsconfig(int fs_fd, unsigned cmd, const char *key,
			const void *value, int aux) CFS_MUST_CHECK;
int cfs_kernel_fsmount(int fs_fd, unsigned attr_flags) CFS_MUST_CHECK;

/*
 * Reads one message of the fs context @fs_fd ("e overlay: ...") into @buf,
 * NUL-terminated.  Returns its length, or -ENODATA if no message is left.
 */
int cfs_kernel_fs_message(int fs_fd, char *buf,
			  size_t size) CFS_MUST_CHECK CFS_NONNULL;

int cfs_kernel_open_tree(int dirfd, const char *path,
			 unsigned flags) CFS_MUST_CHECK CFS_NONNULL;
/* Moves the mount @from_fd itself (MOVE_MOUNT_F_EMPTY_PATH is added). */
int cfs_kernel_move_mount(int from_fd, int to_dirfd, const char *to_path,
			  unsigned flags) CFS_MUST_CHECK CFS_NONNULL;
int cfs_kernel_mount_setattr(int dirfd, const char *path, unsigned flags,
			     const struct mount_attr *attr)
	CFS_MUST_CHECK CFS_NONNULL;
/* umount2(2) with MNT_DETACH: removes the mount from the tree at once; the
 * kernel frees it when it is no longer in use. */
int cfs_kernel_detach(const char *target) CFS_MUST_CHECK CFS_NONNULL;

/* Opens a device node for reading and writing. */
int cfs_kernel_open_device(const char *path) CFS_MUST_CHECK CFS_NONNULL;
/* LOOP_CTL_GET_FREE on /dev/loop-control.  Returns the device number. */
int cfs_kernel_loop_get_free(int control_fd) CFS_MUST_CHECK;
/* LOOP_CONFIGURE (Linux 5.8). */
int cfs_kernel_loop_configure(int loop_fd, const struct loop_config *config)
	CFS_MUST_CHECK CFS_NONNULL;

#endif
