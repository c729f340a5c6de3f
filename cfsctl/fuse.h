/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* FUSE mounts, for the commands that make them. */
#ifndef CFS_CFSCTL_FUSE_H
#define CFS_CFSCTL_FUSE_H

#include "cfsctl/cfsctl.h"
#include "fuse/serve.h"

struct cmd_fuse_options {
	bool no_verify;
	bool foreground;
	bool verbose;		 /* say which mode it is */
	enum cfs_fuse_mode mode; /* cmd_parse_fuse_mode() */
};

/* The modes, and what reads one into an enum cfs_fuse_mode: NULL is auto. */
extern const char *const cmd_fuse_modes[];
int cmd_parse_fuse_mode(const char *text, void *to,
			struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3)));

struct cmd_fuse_mount {
	struct cfs_digest id; /* of the image */
	const char *name;     /* what the user called it */
	const char *source;   /* as mounts show it; NULL: "composefs:<hex>" */
	unsigned attr;	      /* MOUNT_ATTR_* beside those that it has */
	const char *where;    /* the mountpoint */
	int upper, work; /* directories of an overlay, or -EBADF; borrowed */
	bool read_write; /* of that */
	struct cmd_fuse_options o;
};

/*
 * Serves an image of @repo, which is closed: a server holds no lock.
 *
 * In the background, it returns when the mount can be used, and the process
 * that goes on serving it is not the caller's.  In the foreground, when the
 * mount has ended.
 * Errors: of cmd_image_map() and cfs_fuse_serve(), also of the other process.
 */
int cmd_fuse_start(const struct cfs_globals *g, struct cfs_repo *repo,
		   const struct cmd_fuse_mount *mount,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
