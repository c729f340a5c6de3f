/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_IMAGE_STORE_H
#define CFS_REPO_IMAGE_STORE_H

#include "repo/store.h"
#include "tree/node.h"

/* The digest of the image of @tree in the EROFS format @format, as an object
 * would have it, and its size (@ret_size may be NULL).
 * Errors: of cfs_erofs_write_to(). */
int cfs_image_compute(const struct cfs_tree *tree, unsigned format,
		      enum cfs_alg alg, struct cfs_digest *ret,
		      uint64_t *ret_size, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 6)));

/*
 * Makes that image and stores it as an object, unless it is there; the image
 * is never in memory as a whole.  It has no name below images/ yet:
 * cfs_image_commit().
 * Errors: those, and of cfs_object_commit().
 */
int cfs_image_store(struct cfs_store *store, const struct cfs_tree *tree,
		    unsigned format, struct cfs_digest *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
