/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Places to attach mounts to for a while: before Linux 6.15 an overlay takes
 * layers only from mounts that are attached in our namespace.
 */
#ifndef CFS_MOUNT_SCRATCH_H
#define CFS_MOUNT_SCRATCH_H

#include <stdbool.h>

#include "base/err.h"

#define CFS_SCRATCH_MAX 6

struct cfs_scratch {
	/* A directory of our own, an absolute path without links, created
	 * (0700) with those above it when first needed, and removed
	 * again: "/run/composefs/.scratch" in the initramfs.  Borrowed. */
	const char *dir;
	bool open; /* our private file system is mounted there */
	unsigned n;
	int fds[CFS_SCRATCH_MAX]; /* attached mounts, borrowed */
};

/*
 * Attaches the detached mount @mount_fd (which goes on referring to it) below
 * the scratch directory, once; -1 is no mount.  Undone by cfs_scratch_close().
 */
int cfs_scratch_attach(struct cfs_scratch *scratch, int mount_fd,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Detaches everything that was not moved away and removes the directory.  What
 * overlays were made of it lives on in them.  May be called twice. */
void cfs_scratch_close(struct cfs_scratch *scratch);

#define CFS_AUTOSCRATCH __attribute__((cleanup(cfs_scratch_close)))

#endif
