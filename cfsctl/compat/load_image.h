/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Images as files, for the programs that read them as composefs-info does.
 */
#ifndef CFS_CFSCTL_COMPAT_LOAD_IMAGE_H
#define CFS_CFSCTL_COMPAT_LOAD_IMAGE_H

#include "base/buf.h"
#include "tree/node.h"

/*
 * Reads the bytes of the image file @path.
 * Errors: "Failed to open 'PATH': ..." or "Failed to load 'PATH': ...".
 */
int cmd_load_bytes(const char *path, struct cfs_buf *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the image file @path into a tree, which cfs_tree_free() frees;
 * *@ret_version is the image's format, 0, 1 or 2.
 * Errors: as cmd_load_bytes() words them.
 */
int cmd_load_image(const char *path, struct cfs_tree **ret,
		   unsigned *ret_version,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
