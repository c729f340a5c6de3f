/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A composefs: an EROFS image over a directory of objects, as one overlay.
 */
#ifndef CFS_MOUNT_COMPOSEFS_H
#define CFS_MOUNT_COMPOSEFS_H

#include "mount/erofs.h"
#include "mount/overlay.h"

struct cfs_composefs_params {
	int image_fd;	    /* EROFS image, O_RDONLY, already vouched for */
	const char *name;   /* for messages and the loop device */
	unsigned flags;	    /* CFS_EROFS_* */
	int objects_fd;	    /* directory of objects, O_PATH */
	const char *source; /* "composefs:<hex>", what other tools parse */
	bool verity;	    /* refuse objects without the right digest */
	int upper_fd;	    /* for a writable one, with work_fd, or -1 */
	int work_fd;
	int upper_mount; /* the detached mount they lie on, or -1 */
	unsigned attr;	 /* MOUNT_ATTR_* */
};

struct cfs_composefs_mount {
	int fd;	      /* the overlay, detached */
	int erofs_fd; /* its lower layer, for further overlays on it */
	enum cfs_backend backend;
	enum cfs_layer_api layer_api;
	char loop[CFS_LOOP_NAME_MAX];
};

#define CFS_COMPOSEFS_INIT                       \
	{                                        \
		.fd = -EBADF, .erofs_fd = -EBADF \
	}

/* Closes what is open; an overlay that was not attached is gone. */
void cfs_composefs_close(struct cfs_composefs_mount *mount);

#define CFS_AUTOCOMPOSEFS __attribute__((cleanup(cfs_composefs_close)))

/*
 * Mounts it, finding out on the way what this kernel can.
 *
 * @scratch: where layers are attached on kernels that need it; has to stay
 * open for as long as erofs_fd is used for further overlays.
 *
 * Errors: of cfs_erofs_mount() and cfs_overlay_mount().
 */
int cfs_composefs_mount(const struct cfs_composefs_params *params,
			struct cfs_scratch *scratch,
			struct cfs_composefs_mount *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
