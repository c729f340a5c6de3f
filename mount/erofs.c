/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/erofs.h"

#include <stdbool.h>
#include <string.h>

#include "base/disk.h"
#include "base/io.h"
#include "mount/context.h"

/*
 * The header of a composefs image, in its first bytes.
 * Source: composefs libcomposefs/lcfs-erofs.h, struct lcfs_erofs_header_s.
 */
struct header {
	cfs_le32 magic;
	cfs_le32 version;
	cfs_le32 flags;
	cfs_le32 composefs_version;
	cfs_le32 unused[4];
};
_Static_assert(sizeof(struct header) == 32, "composefs header layout");

#define HEADER_MAGIC 0xd078629aU
#define FLAG_HAS_ACL 1U

/*
 * Returns 1 if the image's header says that it has no ACLs, which only formats
 * 0 and 1 do, else 0.
 */
static int without_acls(int image_fd, struct cfs_err *err)
{
	struct header header = { 0 };
	ssize_t n = cfs_pread_full(image_fd, &header, sizeof(header), 0);

	if (n < 0)
		return cfs_fail(err, (int)-n, "read its first bytes: %s",
				strerror((int)-n));
	return cfs_get32(header.magic) == HEADER_MAGIC &&
	       cfs_get32(header.composefs_version) < 2 &&
	       !(cfs_get32(header.flags) & FLAG_HAS_ACL);
}

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
	int noacl = flags & CFS_EROFS_ACL ? 0 : without_acls(image_fd, err);
	int r = noacl < 0 ? noacl : -ENOTBLK;

	if (noacl >= 0 && !(flags & CFS_EROFS_LOOP))
		r = mount_from(NULL, image_fd, noacl, err);
	/* Linux before 6.12, or a file system from which EROFS cannot read. */
	if (r == -ENOTBLK)
		r = mount_by_loop(image_fd, name, noacl, &m, err);
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
