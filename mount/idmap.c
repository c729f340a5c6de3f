/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/idmap.h"

#include <fcntl.h>
#include <string.h>

#include "base/kernel.h"

static const char *hint(int code)
{
	switch (code) {
	case EINVAL:
		return ": is it a user namespace, and the kernel 5.19 or newer?";
	case EPERM:
		return ": is it another user namespace than ours, with a "
		       "mapping?";
	default:
		return "";
	}
}

int cfs_mount_idmap(int mount_fd, int userns_fd, struct cfs_err *err)
{
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (unsigned)userns_fd,
	};
	int r = cfs_kernel_mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr);

	return r < 0 ? cfs_fail(err, -r, "map its owners: %s%s", strerror(-r),
				hint(-r))
		     : 0;
}
