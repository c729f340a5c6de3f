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

struct cfs_fuse_params {
	struct cfs_bytes image; /* verified by the caller; borrowed */
	int objects_fd;		/* directory of objects; borrowed */
	enum cfs_fuse_verify verify;
	const char *source;	/* "composefs:<hex>", as mounts show it */
	const char *mountpoint; /* absolute */

	/* Called once, when the mount can be used. */
	void (*ready)(void *ctx);
	/* Called with a line about each file that cannot be read, once a file,
	 * by any thread. */
	void (*report)(void *ctx, const char *line);
	void *ctx;
};

/*
 * Mounts the image, serves it until it is unmounted or SIGTERM, SIGINT or SIGHUP
 * ends the process' wish to serve it, and unmounts it.
 *
 * Returns 0 after a mount that was used, however it ended.
 * Errors: -ENODEV if there is no /dev/fuse, -EPERM and -EACCES, -EBADMSG if the
 * image cannot be one, those of mount(2); -ENOMEM.
 */
int cfs_fuse_serve(const struct cfs_fuse_params *params,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
