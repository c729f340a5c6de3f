/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_TREE_RELABEL_H
#define CFS_TREE_RELABEL_H

#include "tree/content.h"

/*
 * Sets security.selinux of every node of @tree (finished) as the policy in
 * its /etc/selinux says; without a policy there the attribute is dropped
 * everywhere.
 *
 * An inode has the label of its first name in depth-first order; a name for
 * which the policy has another one becomes an inode of its own.
 *
 * Errors: -ENOENT for a policy without file_contexts, -EINVAL or -E2BIG for one
 * that is not understood or exceeds the limits of tree/selinux/selabel.h; those
 * of @content; -ENOMEM.
 */
int cfs_tree_relabel(struct cfs_tree *tree, const struct cfs_content *content,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
