/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Files whose reads the kernel takes to another file, without asking the
 * server.  Private to the room.
 *
 * Source: linux/fuse.h; Documentation/filesystems/fuse/fuse-passthrough.rst.
 */
#ifndef CFS_FUSE_PASSTHROUGH_H
#define CFS_FUSE_PASSTHROUGH_H

#include "base/auto.h"

/*
 * Registers the file @fd with the kernel, for the session whose descriptor of
 * /dev/fuse is @session.  @fd may be closed afterwards.
 * Returns a number above 0, or negative errno: -EPERM without CAP_SYS_ADMIN in
 * the first user namespace or before the session agreed on passthrough, -ENOTTY
 * before Linux 6.9, -ELOOP for a file on a stacked file system.
 */
int cfs_fuse_backing_open(int session, int fd) CFS_MUST_CHECK;

void cfs_fuse_backing_close(int session, int backing);

#endif
