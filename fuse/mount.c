/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/mount.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/kernel.h"
#include "fuse/namespace.h"
#include "mount/context.h"

/* Who serves a mount is no more trusted than its user. */
#define ALWAYS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static void set_number(struct cfs_context *ctx, const char *key, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	cfs_context_string(ctx, key, text);
}

int cfs_fuse_mount_new(const struct cfs_fuse_params *params, int dev,
		       struct cfs_err *err)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	int r = cfs_context_open(&ctx, "fuse", err);

	if (r < 0)
		return r;
	cfs_context_string(&ctx, "source", params->source);
	cfs_context_string(&ctx, "subtype", "composefs");
	set_number(&ctx, "fd", (unsigned)dev);
	cfs_context_string(&ctx, "rootmode", "40000"); /* a directory, octal */
	set_number(&ctx, "user_id", geteuid());
	set_number(&ctx, "group_id", getegid());
	cfs_context_flag(&ctx, "default_permissions");
	cfs_context_flag(&ctx, "allow_other");
	cfs_context_flag(&ctx, "ro");
	return cfs_context_mount(
		&ctx, params->attr | ALWAYS | MOUNT_ATTR_RDONLY, err);
}

int cfs_fuse_overlay_new(const struct cfs_fuse_params *params, int lower,
			 int data, struct cfs_err *err)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	bool writable = params->upper_fd >= 0;
	struct stat st;
	int r;

	/* The overlay takes over what FUSE knows of the root directory, which
	 * is nothing, not even permissions, until it is asked. */
	if (fstat(lower, &st) < 0)
		return cfs_fail_errno(err, "stat the FUSE mount");
	r = cfs_context_open(&ctx, "overlay", err);
	if (r < 0)
		return r;
	cfs_context_string(&ctx, "source", params->source);
	/* With a data-only layer the xattrs that lead to it are the
	 * server's. */
	if (data >= 0 || !cfs_fuse_has_root())
		cfs_context_flag(&ctx, "userxattr");
	if (writable) {
		cfs_context_string(&ctx, "index", "off");
		cfs_context_fd(&ctx, "workdir", params->work_fd);
		cfs_context_fd(&ctx, "upperdir", params->upper_fd);
	}
	cfs_context_fd(&ctx, "lowerdir+", lower);
	if (data >= 0)
		cfs_context_fd(&ctx, "datadir+", data);
	if (data >= 0 && params->verify != CFS_FUSE_VERIFY_NOT)
		cfs_context_string(&ctx, "verity", "require");
	return cfs_context_mount(
		&ctx,
		params->attr | ALWAYS |
			(params->read_write ? 0 : MOUNT_ATTR_RDONLY),
		err);
}

/* Source: linux/stat.h of Linux 6.8. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

/* Numbers from here on are given once.  A smaller one, or 0 for none, is that
 * of a later mount as well.  Source: fs/namespace.c of Linux 6.8. */
#define UNIQUE_MIN (UINT64_C(1) << 31)

/* The number of the mount that @path below @dirfd leads to, or 0.  Nothing is
 * asked of the file system that is mounted, which may be ours and unserved. */
static uint64_t mount_id(int dirfd, const char *path)
{
	struct statx st;

	if (statx(dirfd, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &st) < 0 ||
	    !(st.stx_mask & (STATX_MNT_ID | STATX_MNT_ID_UNIQUE)))
		return 0;
	return st.stx_mnt_id;
}

int cfs_fuse_attach(const struct cfs_fuse_params *params, int fd,
		    uint64_t *ret_id, struct cfs_err *err)
{
	uint64_t id = mount_id(fd, "");
	int r = cfs_kernel_move_mount(fd, AT_FDCWD, params->mountpoint, 0);

	if (r < 0)
		return cfs_fail_code(err, r, "attach it at %s",
				     params->mountpoint);
	*ret_id = id;
	return 0;
}

bool cfs_fuse_is_unique(uint64_t id)
{
	return id >= UNIQUE_MIN;
}

void cfs_fuse_detach(const char *mountpoint, uint64_t id)
{
	if (id == 0 || mount_id(AT_FDCWD, mountpoint) == id)
		(void)umount2(mountpoint, MNT_DETACH);
}
