/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The sides of a merge of /etc (ops/etc_merge.h): what each has at a name. */
#ifndef CFS_OPS_ETC_SIDE_H
#define CFS_OPS_ETC_SIDE_H

#include "ops/etc_merge.h"

struct cfs_etc_side {
	struct cfs_node
		*meta; /* the inode with the attributes; NULL: nothing */
	struct cfs_node *data; /* the inode with the content of a leaf */
	struct cfs_tree *tree; /* that data is of */
	/* Of users: the node of their tree, or NULL; and of a directory that of
	 * the old image which shows through it, or NULL. */
	struct cfs_node *upper, *low;
};

/* What an image has: @node, or nothing if that is NULL. */
struct cfs_etc_side cfs_etc_image_side(struct cfs_tree *tree,
				       struct cfs_node *node)
	__attribute__((nonnull(1)));

/*
 * What users have where their tree has @upper and, in a layer, the old image
 * has @low below it, in the directory @beside; all may be NULL.
 * Errors: -EINVAL a file without content, or a renamed directory, refers to
 * what the old image lacks; -ENOMEM.
 */
int cfs_etc_users_side(const struct cfs_etc_merge *merge,
		       struct cfs_node *upper, struct cfs_node *low,
		       struct cfs_node *beside, struct cfs_etc_side *ret,
		       struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 5, 6)));

static inline bool cfs_etc_side_is_dir(const struct cfs_etc_side *side)
{
	return side->meta && S_ISDIR(side->meta->mode);
}

/*
 * Are two sides the same, but for what is in directories?  Neither times nor
 * SELinux labels nor overlayfs' own attributes count.
 * Returns 1 or 0.  Errors: those of cfs_boot_digest().
 */
int cfs_etc_same(const struct cfs_etc_side *a, const struct cfs_etc_side *b,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Do two sides of images differ, or anything in them?  Returns 1 or 0.
 * Errors: as cfs_etc_same(); -ELOOP more than @depth directories below one
 * another. */
int cfs_etc_differ(const struct cfs_etc_side *a, const struct cfs_etc_side *b,
		   unsigned depth,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Is the attribute @key the business of overlayfs alone, whose layers are
 * written anew? */
bool cfs_etc_is_overlay(const char *key) CFS_NONNULL;

/* Fails with -ELOOP because of the directory @node. */
int cfs_etc_too_deep(const struct cfs_node *node,
		     struct cfs_err *err) CFS_NONNULL;

#endif
