/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Parts of a tree that an image of a given version does not keep.
 *
 * A mounted image is itself an overlay, so whiteouts and opaque directories of
 * the tree cannot be stored as such: overlayfs would obey them instead of
 * showing them.  Versions 0 and 1 store whiteouts as files with marks, xattrs
 * on the file and on its directory, which replace xattrs with the same name.
 *
 * Source: composefs libcomposefs/lcfs-writer-erofs.c; seen on Linux 6.18.
 */
#ifndef CFS_EROFS_LOSS_H
#define CFS_EROFS_LOSS_H

#include "tree/node.h"

struct cfs_erofs_loss {
	/*
	 * The number of whiteouts that an overlay over the mounted image does
	 * not obey.  It shows those of version 0 as empty files (since Linux
	 * 6.8), and those of version 2 as names that cannot be opened.
	 */
	uint64_t whiteouts;
	const struct cfs_node *whiteout; /* the first; NULL: none */
	/*
	 * The number of opaque directories that also contain whiteouts, which
	 * makes them lose their opaqueness in version 1.
	 */
	uint64_t opaque;
	const struct cfs_node *opaque_dir; /* the first; NULL: none */
};

/* Sets *@ret to what an image of @version loses of @tree, which is finished. */
void cfs_erofs_find_loss(const struct cfs_tree *tree, unsigned version,
			 struct cfs_erofs_loss *ret) CFS_NONNULL;

/*
 * Removes from @tree (sorted or finished) the xattrs that marks replace in an
 * image of @version, so that it equals the tree which cfs_erofs_read() returns
 * for that image.  Sets *@ret to the number of inodes that had such an xattr.
 * Errors: -ENOMEM.
 */
int cfs_erofs_drop_lost(struct cfs_tree *tree, unsigned version, uint64_t *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
