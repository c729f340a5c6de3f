/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Changes to a container's tree that give it one digest, however it was
 * unpacked.
 *
 * Source: composefs-rs crates/composefs/src/tree.rs transform_for_oci.
 */
#ifndef CFS_TREE_TRANSFORM_H
#define CFS_TREE_TRANSFORM_H

#include "tree/node.h"

enum cfs_xattr_filter {
	CFS_XATTRS_ALLOWLIST, /* nothing but security.capability */
	CFS_XATTRS_KEEP_USER, /* that and user.* */
};

/*
 * Root becomes like /usr (mode, owner, mtime, all xattrs), /run gets /usr's
 * mtime and is emptied, xattrs that @filter does not name are dropped.
 * The tree is finished again.
 *
 * Errors: -ENOENT (no /usr), -ENOTDIR (/usr or /run is no directory); -ENOMEM.
 */
int cfs_transform_oci(struct cfs_tree *tree, enum cfs_xattr_filter filter,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The xattr part alone. */
int cfs_transform_xattrs(struct cfs_tree *tree, enum cfs_xattr_filter filter,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Sets mtimes that are later than @seconds since 1970 to it.  Earlier ones
 * keep their nanoseconds. */
void cfs_transform_clamp(struct cfs_tree *tree, int64_t seconds) CFS_NONNULL;

/* Sets *@ret to the directory @name of the root.
 * Errors: -ENOENT, -ENOTDIR. */
int cfs_transform_dir(const struct cfs_tree *tree, const char *name,
		      struct cfs_node **ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
