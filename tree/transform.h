/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What makes one digest of a container's tree, however it was unpacked, and
 * what makes it bootable.
 *
 * Source: composefs-rs crates/composefs/src/tree.rs transform_for_oci and
 * crates/composefs-boot/src/lib.rs, selabel.rs.
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

/*
 * Adds the directories that a bootable image is mounted on, or mounts on, where
 * there is nothing of that name: /boot, /dev, /etc, /proc, /run, /sys, /sysroot
 * and /var, root's and with mode 0755 and the mtime of /usr.  To be called
 * before the other transforms, which finish the tree.
 * Errors: -ENOMEM.
 */
int cfs_transform_mountpoints(struct cfs_tree *tree,
			      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Sets mtimes that are later than @seconds since 1970 to it.  Earlier ones
 * keep their nanoseconds. */
void cfs_transform_clamp(struct cfs_tree *tree, int64_t seconds) CFS_NONNULL;

/* Reads the whole content of an external file into @ret; @node has a digest
 * or a backing path.  Returns 0 or an error. */
struct cfs_content {
	int (*read)(void *ctx, const struct cfs_tree *tree,
		    const struct cfs_node *node, struct cfs_buf *ret,
		    struct cfs_err *err);
	void *ctx;
};

/*
 * To be called after cfs_transform_oci(), with the boot files taken out:
 * /boot and /sysroot get /usr's mtime and are emptied, then
 * SELinux labels are made anew from the tree's own policy, or all dropped when
 * it has none.  @content: reads the policy's files.
 *
 * Errors: -ENOENT or -ENOTDIR (/boot, /sysroot), -ENOENT for a policy that
 * has no file_contexts, -EINVAL or -E2BIG for one that is not understood or
 * over the limits of tree/selabel.h; @content's; -ENOMEM.
 */
int cfs_transform_boot(struct cfs_tree *tree, const struct cfs_content *content,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
