/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A file system context (fsopen(2)): any number of options with one check at
 * the end, and the kernel's messages in case of an error, which it reports
 * nowhere else.
 *
 * Source: fsopen(2), fsconfig(2); linux/mount.h.
 */
#ifndef CFS_MOUNT_CONTEXT_H
#define CFS_MOUNT_CONTEXT_H

#include "base/err.h"

struct cfs_context {
	int fd; /* closed by cfs_context_close() */
	const char *type;
	int failed;	    /* 0, or negative errno of the first bad option */
	const char *option; /* the name of that option */
};

#define CFS_CONTEXT_INIT     \
	{                    \
		.fd = -EBADF \
	}

void cfs_context_close(struct cfs_context *ctx);

#define CFS_AUTOCONTEXT __attribute__((cleanup(cfs_context_close)))

/* Opens a context for the file system @type.  Errors: -ENODEV if this kernel
 * does not have it, not even as a module that it can load itself; others. */
int cfs_context_open(struct cfs_context *ctx, const char *type,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Set options.  After the first one that is refused, further ones are
 * ignored. */
void cfs_context_flag(struct cfs_context *ctx, const char *key) CFS_NONNULL;
void cfs_context_string(struct cfs_context *ctx, const char *key,
			const char *value) CFS_NONNULL;
void cfs_context_fd(struct cfs_context *ctx, const char *key,
		    int fd) CFS_NONNULL;
/* Sets an option to the string "/proc/self/fd/N" for the descriptor @fd. */
void cfs_context_fd_path(struct cfs_context *ctx, const char *key,
			 int fd) CFS_NONNULL;

/*
 * Creates the superblock and a detached mount of it with @attr (MOUNT_ATTR_*).
 * Returns the mount, which the caller closes.
 * Errors: that of the first option that was refused, or the kernel's, with its
 * messages.
 */
int cfs_context_mount(struct cfs_context *ctx, unsigned attr,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Formats an error from @ctx: "<what>: <error> (kernel: ...)".  Returns
 * -@code. */
int cfs_context_fail(struct cfs_context *ctx, struct cfs_err *err, int code,
		     const char *what) CFS_NONNULL;

#endif
