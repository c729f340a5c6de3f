/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Making an image of a tree, and everything it needs, in a repository. */
#ifndef CFS_OPS_CREATE_H
#define CFS_OPS_CREATE_H

#include "ops/tree_source.h"
#include "repo/store.h"

#define CFS_CREATE_AS_REPO (-1) /* the formats that meta.json has */

struct cfs_create {
	const struct cfs_tree_source *source;
	const char *name; /* of the image; NULL: none */
	int format;	  /* the only one to make, or CFS_CREATE_AS_REPO */
	const struct cfs_watch *watch; /* or NULL */
	const struct cfs_notes *notes; /* or NULL */
};

/*
 * Stores the files of the tree and its image, commits that and names it.  Of
 * several formats the repository's default is named and returned.  The objects
 * of a dumpfile, which has no contents, must be in the repository.
 *
 * store->stats counts what was stored, and what was damaged and replaced.
 * Errors: of cfs_tree_source_read(), cfs_object_add_bytes() and cfs_ref_set();
 * -ENOENT, -EINVAL for what a dumpfile says of its objects.
 */
int cfs_create_image(struct cfs_store *store, const struct cfs_create *params,
		     struct cfs_digest *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
