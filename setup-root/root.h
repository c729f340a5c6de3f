/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * From an image that was vouched for to a root that is attached.
 *
 * Everything is put together out of sight, on detached mounts or, on kernels
 * before 6.15, at a private place: a failure leaves nothing behind.  The last
 * step alone, cfs_root_attach(), changes what others see.
 *
 *   cfs_root_make()      image (+ upper layer in memory) -> root
 *   cfs_preflight()      preflight.h: can init be read?
 *   cfs_root_add_state() state.h: /etc, /var, /sysroot
 *   cfs_root_attach()
 */
#ifndef CFS_SETUP_ROOT_ROOT_H
#define CFS_SETUP_ROOT_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "fsverity/digest.h"
#include "mount/erofs.h"
#include "mount/overlay.h"
#include "setup-root/config.h"

struct cfs_boot;

enum cfs_root_kind {
	CFS_ROOT_IMAGE,
	CFS_ROOT_TRANSIENT,    /* with an upper layer in memory */
	CFS_ROOT_TRANSIENT_RO, /* the same, and read-only */
	CFS_ROOT_DIRECTORY,    /* no image, but the directory of --root-fs */
};

#define CFS_ROOT_NOTICES  8
#define CFS_STATE_DIR_MAX (sizeof("state/deploy/") + CFS_DIGEST_HEX_MAX)

struct cfs_root {
	int fd;			      /* the new root's mount; owned */
	struct cfs_erofs_mount image; /* its fd owned; -EBADF without one */
	int tmpfs_fd;		      /* upper layers in memory, or -EBADF */
	struct cfs_scratch scratch;
	enum cfs_layer_api layer_api;
	enum cfs_root_kind kind;
	enum cfs_dir_mode etc; /* how it was mounted; never CFS_DIR_AUTO */
	enum cfs_dir_mode var; /* likewise */
	char state_dir[CFS_STATE_DIR_MAX]; /* "state/deploy/<hex>" or "" */
	/* What the user should be told of although it is no failure. */
	unsigned n_notices;
	char notices[CFS_ROOT_NOTICES][256];
};

#define CFS_ROOT_INIT                                                \
	{                                                            \
		.fd = -EBADF, .image.fd = -EBADF, .tmpfs_fd = -EBADF \
	}

/* Lets go of everything.  A root that was not attached is gone. */
void cfs_root_close(struct cfs_root *root);

#define CFS_AUTOROOT __attribute__((cleanup(cfs_root_close)))

/*
 * Mounts the chosen image as @boot->root (CFS_ROOT_INIT): read-only, or, if
 * [root] transient or transient-ro is set, with an upper layer in memory.  With
 * @boot->root_fs_fd the root is a clone of that directory.
 * Errors: see cfs_erofs_mount(), cfs_upper_open(), cfs_overlay_mount() and
 * cfs_root_clone().
 */
int cfs_root_make(struct cfs_boot *boot,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Clones what is mounted at the directory @dir_fd, detached and private;
 * @flags: AT_RECURSIVE with everything below it.  Mounts that are cloned have
 * MOUNT_ATTR_* of @set, and none of those that are in @clear alone.
 * @name: for messages.
 * Returns the mount, owned by the caller.
 */
int cfs_root_clone(int dir_fd, const char *name, unsigned flags, uint64_t set,
		   uint64_t clear,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Puts the mount @child at the directory @path of the new root, in which no
 * link is followed, and lets go of the descriptor.
 * Returns 1, or 0 when the image has no such directory.
 */
int cfs_root_put(struct cfs_root *root, int child, const char *path,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Attaches the finished root at @target.
 * @replace: what is mounted there is taken away in the same step: beneath it
 * where this kernel can, so that there is no moment without a mount; else
 * before.  When false, nothing at @target is touched but covered.
 */
int cfs_root_attach(struct cfs_root *root, const char *target, bool replace,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the file system in memory that transient layers lie on
 * (root->tmpfs_fd, detached), once; and in it a directory (0700) for the layer
 * @name, of which it returns a descriptor (O_PATH) that the caller closes.
 */
int cfs_root_memory(struct cfs_root *root, const struct cfs_config *config,
		    const char *name,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds a notice; what does not fit is dropped. */
void cfs_root_notice(struct cfs_root *root, const char *fmt, ...) CFS_NONNULL
	CFS_PRINTF(2, 3);

#endif
