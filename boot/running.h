/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_BOOT_RUNNING_H
#define CFS_BOOT_RUNNING_H

#include "boot/roots.h"

/* Where composefs-setup-root says what it mounted, below the root directory. */
#define CFS_BOOT_MARKER "run/composefs/booted"

/*
 * Visits the images of the running system, whose root directory is @rootfd:
 *
 *   proc/cmdline		what the kernel was told to boot
 *   run/composefs/booted	what composefs-setup-root mounted
 *   proc/self/mountinfo	what is mounted in this mount namespace, also by
 *				composefs-rs, if it was mounted by its digest
 *
 * Each of these files may be missing.  Of a mounted image, @where is the mount
 * point as mountinfo has it, with a slash in front.
 *
 * Errors: see cfs_boot_roots().
 * Source: proc_pid_mountinfo(5).
 */
int cfs_boot_running(int rootfd, const struct cfs_boot_visitor *visitor,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
