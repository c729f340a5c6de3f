/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Kernel modules that the kernel did not get for itself: without a modprobe
 * program in the initramfs its own requests are in vain.
 */
#ifndef CFS_SETUP_ROOT_MODULES_H
#define CFS_SETUP_ROOT_MODULES_H

#include "base/err.h"

/*
 * Loads the module or alias @name with what it depends on, from
 * /lib/modules/<release>.  Built in or loaded already is success.
 *
 * Errors: -ENOENT no such module in this initramfs (the text says how to get
 * it there), else what the kernel answers.
 */
int cfs_modules_load(const char *name,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Loads what mounting a composefs needs: erofs, overlay, loop.
 * Errors: as above, of the first that fails.
 */
int cfs_modules_load_mount(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
