/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Small executables as objects.
 *
 * Files of up to CFS_INLINE_FROM_DISK bytes are kept in the image itself, which
 * is where a layer has them, too.  The kernel's IPE judges an executable by the
 * fs-verity of the file that holds it, and the image's file system has none.
 */
#ifndef CFS_TREE_SMALL_OBJECTS_H
#define CFS_TREE_SMALL_OBJECTS_H

#include "tree/node.h"

/* Is @inode an executable, which is not empty, whose content is in the tree? */
bool cfs_inode_is_small_program(const struct cfs_node *inode) CFS_NONNULL;

/* A file that became an object, and that no repository has before an image of
 * the tree is stored in it (repo/image_store.h).  In the tree's arena. */
struct cfs_small_object {
	const struct cfs_small_object *next;
	struct cfs_digest id;
	struct cfs_bytes content;
};

/*
 * Makes objects of all such executables in @tree, which is finished.  They are
 * listed in tree->small.  Further calls do the same to what was added since.
 * @alg: of the objects' digests.
 * Errors: -EINVAL the tree's digests are of the other algorithm; of hashing,
 * -ENOMEM.
 */
int cfs_tree_make_small_objects(struct cfs_tree *tree, enum cfs_alg alg,
				struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns the one whose digest is @id, or NULL.  Looks at one after the other:
 * for a few of them. */
const struct cfs_small_object *cfs_tree_small_object(
	const struct cfs_tree *tree, const struct cfs_digest *id) CFS_NONNULL;

#endif
