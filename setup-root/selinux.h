/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SELinux loads its policy after the initramfs, and then gives everything on a
 * tmpfs the type tmpfs_t, whatever its label says.  What we leave in /run has
 * the labels of transient uppers restored in the booted system.
 *
 * Source: systemd src/core/selinux-setup.c (relabel-extra.d is applied, with
 * all below it, right after the policy); systemd.unit(5).
 */
#ifndef CFS_SETUP_ROOT_SELINUX_H
#define CFS_SETUP_ROOT_SELINUX_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Writes below @root_fd (which stands for /) run/systemd/relabel-extra.d for a
 * transient /etc, and a unit that relabels / itself, and only that, for a
 * transient root.  Nothing on a kernel without SELinux.
 * Errors: of creating and writing.
 */
int cfs_selinux_prepare(int root_fd, bool transient_root, bool transient_etc,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
