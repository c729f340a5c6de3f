/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Parts of a tree that an image of some version does not keep.
 *
 * A mounted image is itself an overlay, so whiteouts and opaque directories of
 * the tree are not stored as such: they would be obeyed instead of shown.
 * Versions 0 and 1 store whiteouts as files with marks (xattrs) on them and on
 * their directory, which take the place of attributes of the same name.
 *
 * Source: composefs libcomposefs/lcfs-writer-erofs.c; seen on Linux 6.18.
 */
#ifndef CFS_EROFS_LOSS_H
#define CFS_EROFS_LOSS_H

#include "tree/node.h"

struct cfs_erofs_loss {
	/*
	 * Whiteouts that an overlay over the mounted image does not obey:
	 * version 0, since Linux 6.8, shows them as empty files, version 2 as
	 * names that cannot be opened.
	 */
	uint64_t whiteouts;
	const struct cfs_node *whiteout; /* the first; NULL: none */
	/*
	 * Opaque directories that also hold whiteouts, and so are not opaque
	 * any more in version 1.
	 */
	uint64_t opaque;
	const struct cfs_node *opaque_dir; /* the first; NULL: none */
};

/* What an image of @version loses of @tree, which is finished. */
void cfs_erofs_find_loss(const struct cfs_tree *tree, unsigned version,
			 struct cfs_erofs_loss *ret) CFS_NONNULL;

/*
 * Takes from @tree (sorted or finished) the attributes that marks of whiteouts
 * take the place of in an image of @version, so that it becomes the tree which
 * cfs_erofs_read() returns of that image.  *@ret: inodes that had one.
 * Errors: -ENOMEM.
 */
int cfs_erofs_drop_lost(struct cfs_tree *tree, unsigned version, uint64_t *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
