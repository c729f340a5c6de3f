/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/erofs.h"

#include <stdbool.h>
#include <string.h>

#include "mount/context.h"

static int mount_from(const char *device, int image_fd, bool noacl,
		      struct cfs_err *err)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	int r = cfs_context_open(&ctx, "erofs", err);

	if (r < 0)
		return r;
	/* EROFS is read-only in any case, but a loop device that is read-only
	 * can only be opened by a read-only mount. */
	if (device)
		cfs_context_flag(&ctx, "ro");
	if (noacl)
		cfs_context_flag(&ctx, "noacl");
	if (device)
		cfs_context_string(&ctx, "source", device);
	else
		cfs_context_fd_path(&ctx, "source", image_fd);
	return cfs_context_mount(&ctx, 0, err);
}

/* The device stays open until it is mounted: it is freed with its last user. */
static int mount_by_loop(int image_fd, const char *name, bool noacl,
			 struct cfs_erofs_mount *ret, struct cfs_err *err)
{
	CFS_AUTOFD int device = cfs_loop_attach(image_fd, name, ret->loop, err);

	if (device < 0)
		return device;
	ret->backend = CFS_BACKEND_LOOP;
	return mount_from(ret->loop, image_fd, noacl, err);
}

int cfs_erofs_mount(int image_fd, const char *name, unsigned flags,
		    struct cfs_erofs_mount *ret, struct cfs_err *err)
{
	struct cfs_erofs_mount m = { .backend = CFS_BACKEND_FILE };
	bool noacl = flags & CFS_EROFS_NOACL;
	int r = -ENOTBLK;

	if (!(flags & CFS_EROFS_LOOP))
		r = mount_from(NULL, image_fd, noacl, err);
	/* Linux before 6.12, or a file system from which EROFS cannot read. */
	if (r == -ENOTBLK)
		r = mount_by_loop(image_fd, name, noacl, &m, err);
	/* The error of reading a file in which fs-verity finds another
	 * digest. */
	if (r == -EIO)
		return cfs_ctx(err,
			       "image %s: its contents are damaged on disk "
			       "(fs-verity)",
			       name);
	if (r < 0)
		return cfs_ctx(err, "image %s", name);
	m.fd = r;
	*ret = m;
	return 0;
}
