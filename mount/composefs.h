/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mounts a composefs image: the EROFS image and the directory of objects become
 * one overlay.
 */
#ifndef CFS_MOUNT_COMPOSEFS_H
#define CFS_MOUNT_COMPOSEFS_H

#include "mount/erofs.h"
#include "mount/overlay.h"

struct cfs_composefs_params {
	int image_fd;	    /* EROFS image, O_RDONLY, verified by the caller */
	const char *name;   /* for messages and the loop device */
	unsigned flags;	    /* CFS_EROFS_* */
	int objects_fd;	    /* directory of objects, O_PATH */
	const char *source; /* "composefs:<hex>", which other tools parse */
	bool verity;	    /* refuse objects without the right digest */
	int upper_fd;	    /* upper and work directory, or -1: read-only */
	int work_fd;
	/* A directory whose upper and work these are, in their place: a new
	 * upper is as the image's root (cfs_upper_open()).  NULL: none. */
	const int *layers_fd;
	int upper_mount; /* the detached mount that has these, or -1 */
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

/* Closes the descriptors, by which an overlay that was not attached
 * disappears. */
void cfs_composefs_close(struct cfs_composefs_mount *mount);

#define CFS_AUTOCOMPOSEFS __attribute__((cleanup(cfs_composefs_close)))

/*
 * Mounts the image, finding out by trying what this kernel supports.
 *
 * @scratch: for attaching layers on kernels that require it.  It must stay open
 * for as long as ret->erofs_fd is used for further overlays.
 *
 * Errors: see cfs_erofs_mount(), cfs_upper_open() and cfs_overlay_mount().
 */
int cfs_composefs_mount(const struct cfs_composefs_params *params,
			struct cfs_scratch *scratch,
			struct cfs_composefs_mount *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
