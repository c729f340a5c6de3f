/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The digest that the image of a tree would have, without a repository. */
#ifndef CFS_OPS_COMPUTE_H
#define CFS_OPS_COMPUTE_H

#include "ops/tree_source.h"

struct cfs_compute {
	const struct cfs_tree_source *source;
	enum cfs_alg alg;
	unsigned format;	       /* of the image: 0, 1 or 2 */
	const struct cfs_watch *watch; /* or NULL */
	const struct cfs_notes *notes; /* or NULL */
};

/*
 * Reads the tree and computes the digest of its image.
 * @ret_tree: gets the tree, for callers that need the image too, and
 * cfs_tree_free() frees it; or NULL.
 * Errors: of cfs_tree_source_read() and cfs_image_compute().
 */
int cfs_compute_image(const struct cfs_compute *params,
		      struct cfs_tree **ret_tree, struct cfs_digest *ret,
		      struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

#endif
