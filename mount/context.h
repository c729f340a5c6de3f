/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A file system context (fsopen): options by the dozen with one check, and the
 * kernel's own words when it refuses, which it says nowhere else.
 *
 * Source: fsopen(2), fsconfig(2); linux/mount.h.
 */
#ifndef CFS_MOUNT_CONTEXT_H
#define CFS_MOUNT_CONTEXT_H

#include "base/err.h"

struct cfs_context {
	int fd; /* of fsopen; closed by cfs_context_close() */
	const char *type;
	int failed;	    /* negative errno of the first refused option */
	const char *option; /* its name */
};

#define CFS_CONTEXT_INIT     \
	{                    \
		.fd = -EBADF \
	}

void cfs_context_close(struct cfs_context *ctx);

#define CFS_AUTOCONTEXT __attribute__((cleanup(cfs_context_close)))

/* Opens a context for file system @type.  Errors: -ENODEV when this kernel has
 * no such file system, not even as a module it can load itself. */
int cfs_context_open(struct cfs_context *ctx, const char *type,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Options; after the first refusal the others are not tried. */
void cfs_context_flag(struct cfs_context *ctx, const char *key) CFS_NONNULL;
void cfs_context_string(struct cfs_context *ctx, const char *key,
			const char *value) CFS_NONNULL;
void cfs_context_fd(struct cfs_context *ctx, const char *key,
		    int fd) CFS_NONNULL;
/* The same descriptor as "/proc/self/fd/N". */
void cfs_context_fd_path(struct cfs_context *ctx, const char *key,
			 int fd) CFS_NONNULL;

/*
 * Creates the superblock and a detached mount of it with @attr (MOUNT_ATTR_*).
 * Returns the mount, owned by the caller.
 * Errors: of the first refused option or of the kernel, with its messages.
 */
int cfs_context_mount(struct cfs_context *ctx, unsigned attr,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Words a failure of @ctx: "<what>: <error> (kernel: ...)".  Returns -@code. */
int cfs_context_fail(struct cfs_context *ctx, struct cfs_err *err, int code,
		     const char *what) CFS_NONNULL;

#endif
