/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Serves an image as a FUSE mount, for users whom the kernel lets mount no
 * composefs image.  Names and metadata come straight from the image's bytes,
 * contents from it or from the objects, which are verified when they are first
 * read.  A mount is as trustworthy as the process that serves it.
 *
 * Source: libfuse fuse_lowlevel.h; linux fs/fuse, uapi/linux/fuse.h.
 */
#ifndef CFS_FUSE_SERVE_H
#define CFS_FUSE_SERVE_H

#include "base/bytes.h"
#include "fuse/objects.h"

/* How contents get to a reader. */
enum cfs_fuse_mode {
	/* The first of those below that works; CFS_FUSE_OVERLAY only if the
	 * kernel verifies, or nothing is to be verified. */
	CFS_FUSE_AUTO,
	/* The kernel reads objects itself, after it was told which (Linux 6.9;
	 * root in the first user namespace). */
	CFS_FUSE_PASSTHROUGH,
	/* The kernel makes an overlay of the FUSE mount, which has the metadata
	 * only, and the objects (Linux 6.16; needs the right to mount). */
	CFS_FUSE_OVERLAY,
	CFS_FUSE_PLAIN, /* the server reads objects, and the kernel keeps
			   what it has read */
};

/* The names of the modes, in the order of enum cfs_fuse_mode, as the
 * initialisers of an array. */
#define CFS_FUSE_MODE_NAMES "auto", "passthrough", "overlay", "plain"

/* Returns the name of @mode, which is static. */
const char *cfs_fuse_mode_name(enum cfs_fuse_mode mode);

struct cfs_fuse_params {
	struct cfs_bytes image; /* verified by the caller; borrowed */
	int objects_fd;		/* directory of objects; borrowed */
	enum cfs_fuse_mode mode;
	enum cfs_fuse_verify verify;
	const char *source;	/* "composefs:<hex>", as mounts show it */
	const char *mountpoint; /* absolute */
	/* Upper and work directory of an overlay on top of the mount, which is
	 * writable with @read_write; or -EBADF. */
	int upper_fd, work_fd;
	bool read_write;
	unsigned attr; /* of the mount, MOUNT_ATTR_*, beside those it has */

	/* Called once, by any thread, when the mount can be used. */
	void (*ready)(void *ctx, enum cfs_fuse_mode mode);
	/* Called with a line about each file that cannot be read, once a file,
	 * by any thread. */
	void (*report)(void *ctx, const char *line);
	void *ctx;
};

/*
 * Mounts the image, serves it until it is unmounted or SIGTERM, SIGINT or
 * SIGHUP arrives, and unmounts it.  Handles these signals meanwhile.
 *
 * Returns 0 after a mount that was used, however it ended.
 * Errors: -ENODEV if there is no /dev/fuse; -EPERM and -EACCES; -EOPNOTSUPP if
 * this kernel lacks the mode; -EBADMSG if the image cannot be one; those of
 * mounting; -ENOMEM.
 */
int cfs_fuse_serve(const struct cfs_fuse_params *params,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
