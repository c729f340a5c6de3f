/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A composefs: an EROFS image over a directory of objects, as one overlay.
 */
#ifndef CFS_MOUNT_COMPOSEFS_H
#define CFS_MOUNT_COMPOSEFS_H

#include "mount/erofs.h"
#include "mount/overlay.h"

struct cfs_composefs_params {
	int image_fd;	       /* EROFS image, O_RDONLY, already vouched for */
	const char *name;      /* for messages and the loop device */
	int objects_fd;	       /* directory of objects, O_PATH */
	const char *source;    /* "composefs:<hex>", what other tools parse */
	bool verity;	       /* refuse objects without the right digest */
	int upper_fd, work_fd; /* for a writable one, or both -1 */
	unsigned attr;	       /* MOUNT_ATTR_* */
	/*
	 * A directory that may be created (0700) and removed again, for
	 * kernels before 6.15, which overlay attached mounts only.  In the
	 * initramfs: "/run/composefs/.lower".
	 */
	const char *scratch;
};

struct cfs_composefs_mount {
	int fd;	      /* the overlay, detached; the caller closes it */
	int erofs_fd; /* its lower layer, for flat overlays; likewise */
	enum cfs_backend backend;
	enum cfs_layer_api layer_api;
	char loop[CFS_LOOP_NAME_MAX];
};

/*
 * Mounts it, finding out on the way what this kernel can.
 * On success every descriptor of *@ret is open; nothing is attached anywhere.
 * Errors: of cfs_erofs_mount() and cfs_overlay_mount().
 */
int cfs_composefs_mount(const struct cfs_composefs_params *params,
			struct cfs_composefs_mount *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
