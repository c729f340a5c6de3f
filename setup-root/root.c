/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/kernel.h"
#include "mount/context.h"
#include "mount/upper.h"
#include "setup-root/boot.h"

#ifndef MOVE_MOUNT_BENEATH /* linux/mount.h of Linux 6.5 */
#define MOVE_MOUNT_BENEATH 0x00000200
#endif

void cfs_root_close(struct cfs_root *root)
{
	cfs_scratch_close(&root->scratch);
	cfs_closep(&root->fd);
	cfs_closep(&root->image.fd);
	cfs_closep(&root->tmpfs_fd);
}

void cfs_root_notice(struct cfs_root *root, const char *fmt, ...)
{
	va_list ap;

	if (root->n_notices == CFS_ROOT_NOTICES)
		return;
	va_start(ap, fmt);
	vsnprintf(root->notices[root->n_notices++], sizeof(root->notices[0]),
		  fmt, ap);
	va_end(ap);
}

static int make_memory(struct cfs_root *root, const char *size,
		       struct cfs_err *err)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	int r = cfs_context_open(&ctx, "tmpfs", err);

	if (r < 0)
		return r;
	cfs_context_string(&ctx, "source", "composefs-transient");
	cfs_context_string(&ctx, "mode", "0755");
	/* The limits of systemd's own tmpfs: by default it may take half of the
	 * memory. */
	cfs_context_string(&ctx, "size", size);
	cfs_context_string(&ctx, "nr_inodes", "1m");
	r = cfs_context_mount(&ctx, 0, err);
	if (r < 0)
		return r;
	root->tmpfs_fd = r;
	return 0;
}

int cfs_root_memory(struct cfs_root *root, const struct cfs_config *config,
		    const char *name, struct cfs_err *err)
{
	int r = 0;

	if (root->tmpfs_fd < 0)
		r = make_memory(root, config->root.tmpfs_size, err);
	if (r < 0)
		return r;
	if (mkdirat(root->tmpfs_fd, name, 0700) < 0)
		return cfs_fail_errno(err, "make a layer in memory for %s",
				      name);
	r = openat(root->tmpfs_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? cfs_fail_errno(err, "open the layer of %s", name) : r;
}

int cfs_root_clone(int dir_fd, const char *name, unsigned flags, uint64_t set,
		   uint64_t clear, struct cfs_err *err)
{
	/* A clone is in the peer group of its original: what is mounted below
	 * the one would appear below the other as well. */
	const struct mount_attr attr = { .attr_set = set,
					 .attr_clr = clear & ~set,
					 .propagation = MS_PRIVATE };
	CFS_AUTOFD int fd = cfs_kernel_open_tree(
		dir_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | flags);
	int r = fd;

	if (fd >= 0)
		r = cfs_kernel_mount_setattr(fd, "", AT_EMPTY_PATH | flags,
					     &attr);
	return r < 0 ? cfs_fail_code(err, r, "clone %s", name)
		     : cfs_steal_fd(&fd);
}

static enum cfs_root_kind kind_of(const struct cfs_boot *b)
{
	return b->root_fs_fd >= 0	     ? CFS_ROOT_DIRECTORY
	       : b->config.root.transient_ro ? CFS_ROOT_TRANSIENT_RO
	       : b->config.root.transient    ? CFS_ROOT_TRANSIENT
					     : CFS_ROOT_IMAGE;
}

/* The image, and over it the objects and perhaps a layer in memory. */
static int mount_image(struct cfs_boot *b, struct cfs_err *err)
{
	char source[sizeof("transient:composefs=") + CFS_DIGEST_HEX_MAX];
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;
	const char *hex = cfs_boot_chosen(b)->hex;
	struct cfs_root *root = &b->root;
	bool transient = root->kind != CFS_ROOT_IMAGE;
	struct cfs_overlay_params overlay = {
		.source = source,
		.data_fds = &b->objects_fd,
		.n_data = 1,
		.verity = b->choice.verity,
		.attr = root->kind == CFS_ROOT_TRANSIENT ? 0
							 : MOUNT_ATTR_RDONLY,
	};
	CFS_AUTOFD int layers = -EBADF;
	int r;

	if (transient) {
		layers = cfs_root_memory(root, &b->config, "root", err);
		if (layers < 0)
			return cfs_ctx(err, "transient root");
	}
	/* The image's header is not asked whether it has ACLs: every system
	 * call counts while the machine waits. */
	r = cfs_erofs_mount(b->choice.fd, hex,
			    b->force_loop ? CFS_EROFS_LOOP : 0, &root->image,
			    err);
	if (r == 0 && transient)
		r = cfs_upper_open(layers, root->image.fd, &upper, err);
	if (r < 0)
		return r;
	/* bootc looks for these in the table of mounts. */
	snprintf(source, sizeof(source), "%s%s",
		 transient ? "transient:composefs=" : "composefs:", hex);
	overlay.lower_fd = overlay.mounts[0] = root->image.fd;
	overlay.upper_fd = upper.upper_fd;
	overlay.work_fd = upper.work_fd;
	overlay.mounts[1] = root->tmpfs_fd;
	root->fd = cfs_overlay_mount(&overlay, &root->scratch, &root->layer_api,
				     err);
	return root->fd < 0 ? cfs_ctx(err, "image %s", hex) : 0;
}

int cfs_root_make(struct cfs_boot *b, struct cfs_err *err)
{
	b->root.scratch.dir = b->scratch_dir;
	b->root.kind = kind_of(b);
	if (b->root.kind != CFS_ROOT_DIRECTORY)
		return mount_image(b, err);
	b->root.fd =
		cfs_root_clone(b->root_fs_fd, "the given root", 0, 0, 0, err);
	return b->root.fd < 0 ? b->root.fd : 0;
}

/* A single component is not followed when it is a link: move_mount(2) without
 * MOVE_MOUNT_T_SYMLINKS.  Longer paths are walked here. */
static int move_below(int child, int root_fd, const char *path)
{
	CFS_AUTOFD int dir = -EBADF;

	if (!strchr(path, '/'))
		return cfs_kernel_move_mount(child, root_fd, path, 0);
	dir = cfs_openat2(root_fd, path, O_PATH | O_DIRECTORY, 0,
			  RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	return dir < 0 ? dir
		       : cfs_kernel_move_mount(child, dir, "",
					       MOVE_MOUNT_T_EMPTY_PATH);
}

int cfs_root_put(struct cfs_root *root, int child, const char *path,
		 struct cfs_err *err)
{
	CFS_AUTOFD int owned = child;
	int r = -EINVAL;

	if (root->layer_api == CFS_LAYERS_FD)
		r = move_below(owned, root->fd, path);
	/* Before 6.15 only attached mounts take children.  Then the root is
	 * assembled at a private place. */
	if (r == -EINVAL) {
		r = cfs_scratch_attach(&root->scratch, root->fd, err);
		if (r < 0)
			return r;
		r = move_below(owned, root->fd, path);
	}
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cfs_fail_code(err, r, "attach /%s to the new root",
				     path);
	return 1;
}

int cfs_root_attach(struct cfs_root *root, const char *target, bool replace,
		    struct cfs_err *err)
{
	int r;

	if (replace) {
		bool beneath;

		/* Beneath first: @target is never without a mount, and systemd
		 * does not see sysroot.mount go away. */
		r = cfs_kernel_move_mount(root->fd, AT_FDCWD, target,
					  MOVE_MOUNT_BENEATH);
		beneath = r == 0;
		/* This fails before Linux 6.5, and below the initramfs' root in
		 * several later versions.  Detaching is safe, since the clone
		 * in the new root keeps the disk mounted. */
		r = cfs_kernel_detach(target);
		if (r < 0)
			return cfs_fail_code(err, r, "detach %s", target);
		if (beneath)
			return 0;
	}
	r = cfs_kernel_move_mount(root->fd, AT_FDCWD, target, 0);
	if (r < 0)
		return cfs_fail_code(err, r, "attach the new root at %s",
				     target);
	return 0;
}
