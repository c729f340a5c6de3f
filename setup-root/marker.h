/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * /run/composefs/booted: what was mounted and how, as one JSON object, for
 * programs of the booted system.  composefs-setup-root(8) describes it.
 */
#ifndef CFS_SETUP_ROOT_MARKER_H
#define CFS_SETUP_ROOT_MARKER_H

#include "setup-root/boot.h"

#define CFS_MARKER_PATH "/run/composefs/booted"

/* Returns the marker's word for the root: "image", "transient", "transient-ro"
 * or "directory". */
const char *cfs_root_kind_name(enum cfs_root_kind kind);

/* Writes the marker's word for what the image of @root was mounted from, "file"
 * or "loop:/dev/loopN", to @text.  Returns @text, or NULL without an image. */
#define CFS_BACKEND_MAX (sizeof("loop:") + CFS_LOOP_NAME_MAX)
const char *cfs_root_backend_name(const struct cfs_root *root,
				  char text[static CFS_BACKEND_MAX])
	CFS_NONNULL;

/* Appends the object that describes @boot, and a newline. */
void cfs_marker_json(const struct cfs_boot *boot,
		     struct cfs_buf *buf) CFS_NONNULL;

/*
 * Writes the object to run/composefs/booted below @root_fd: at once whole, or
 * not at all.
 * Errors: of creating, writing, renaming.
 */
int cfs_marker_write(const struct cfs_boot *boot, int root_fd,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
