/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A directory for attaching mounts temporarily: before Linux 6.15 an overlay
 * only takes layers from mounts that are attached in the caller's namespace.
 */
#ifndef CFS_MOUNT_SCRATCH_H
#define CFS_MOUNT_SCRATCH_H

#include <stdbool.h>

#include "base/err.h"

#define CFS_SCRATCH_MAX 6

struct cfs_scratch {
	/* The directory: an absolute path without links, used by nothing else.
	 * It is created (0700) with its parents when it is first needed, and
	 * removed in the end.  In the initramfs "/run/composefs/.scratch".
	 * Borrowed. */
	const char *dir;
	bool open; /* the private file system is mounted there */
	unsigned n;
	int fds[CFS_SCRATCH_MAX]; /* attached mounts, borrowed */
};

/*
 * Attaches the detached mount @mount_fd, which still refers to it afterwards,
 * below the scratch directory until cfs_scratch_close(), unless that was done
 * before. Does nothing if @mount_fd is -1.
 * Errors: those of creating the directory and of mounting; -EMFILE for more
 * than CFS_SCRATCH_MAX mounts.
 */
int cfs_scratch_attach(struct cfs_scratch *scratch, int mount_fd,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Detaches all mounts that were not moved elsewhere, and removes the directory.
 * Overlays keep their layers.  May be called again. */
void cfs_scratch_close(struct cfs_scratch *scratch);

#define CFS_AUTOSCRATCH __attribute__((cleanup(cfs_scratch_close)))

#endif
