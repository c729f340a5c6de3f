/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Changes to a tree that make a bootable image of it.
 *
 * Source: composefs-rs crates/composefs-boot/src/lib.rs, selabel.rs.
 */
#ifndef CFS_BOOT_TRANSFORM_H
#define CFS_BOOT_TRANSFORM_H

#include "tree/content.h"

/*
 * Adds the directories that a bootable image is mounted on, or mounts on, where
 * there is nothing of that name: /boot, /dev, /etc, /proc, /run, /sys, /sysroot
 * and /var, root's and with mode 0755 and the mtime of /usr.  To be called
 * before the other transforms, which finish the tree.
 * Errors: -ENOMEM.
 */
int cfs_transform_mountpoints(struct cfs_tree *tree,
			      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Gives /boot and /sysroot the mtime of /usr and empties them, then sets the
 * SELinux labels of all files anew from the tree's own policy, or drops them if
 * it has none.  To be called after cfs_transform_oci(), with the boot files
 * taken out.
 * @content: reads the files of the policy.
 *
 * Errors: -ENOENT or -ENOTDIR (/boot, /sysroot), -ENOENT for a policy without
 * file_contexts, -EINVAL or -E2BIG for one that is not understood or exceeds
 * the limits of tree/selinux/selabel.h; those of @content; -ENOMEM.
 */
int cfs_transform_boot(struct cfs_tree *tree, const struct cfs_content *content,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
