/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Shared by compute-id, compute-karg and create-dumpfile, which read a tree and
 * write to no repository.
 */
#ifndef CFS_CFSCTL_COMPUTE_H
#define CFS_CFSCTL_COMPUTE_H

#include "cfsctl/cfsctl.h"
#include "cfsctl/tree_source.h"

struct cfs_computation {
	enum cfs_alg alg;
	unsigned format; /* of the image: 0, 1 or 2 */
};

/*
 * Chooses the algorithm, which is the repository's if that can be opened, and
 * the format.  Warns on stderr where the repository would choose otherwise.
 */
void cmd_compute_choose(const struct cfs_globals *g,
			struct cfs_computation *c) CFS_NONNULL;

/* Reads and transforms the tree; cfs_tree_free() frees *@ret.
 * Errors: -CFS_EUSAGE, those of cfs_tree_source_hash(). */
int cmd_compute_tree(const struct cfs_computation *c,
		     const struct cfs_tree_source *source,
		     struct cfs_tree **ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Computes the digest of the image of @source as well.  @ret_tree: may be NULL.
 * Errors: -CFS_EUSAGE, those of cfs_compute_image(). */
int cmd_compute(const struct cfs_computation *c,
		const struct cfs_tree_source *source,
		struct cfs_tree **ret_tree, struct cfs_digest *ret,
		struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4, 5)));

#endif
