/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_IMAGE_VERSION_H
#define CFS_OPS_IMAGE_VERSION_H

#include "base/err.h"

/*
 * Which format of composefs image is open as @fd: 0, 1 or 2, by its header.
 * Errors: -EINVAL @fd is no composefs image, or one in a newer format.
 */
int cfs_image_version(int fd, unsigned *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
