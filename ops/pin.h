/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Pinned images: a name of their own keeps them from any garbage collector. */
#ifndef CFS_OPS_PIN_H
#define CFS_OPS_PIN_H

#include "repo/store.h"

/* Names of images that are pinned: this and the digest in hex. */
#define CFS_PIN_PREFIX "pinned/"

/*
 * Gives the image @id its name of a pinned one.
 * Returns 1, or 0 if it has it.
 * Errors: -ENOENT the repository has no such image; those of cfs_ref_set().
 */
int cfs_pin(struct cfs_store *store, const struct cfs_digest *id,
	    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Takes that name from the image @id, which need not exist.
 * Returns 1, or 0 if it has none.
 * Errors: those of cfs_ref_remove().
 */
int cfs_unpin(struct cfs_store *store, const struct cfs_digest *id,
	      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Is the image @id pinned?  A name that leads to another image does not count,
 * nor does one that cannot be read. */
bool cfs_is_pinned(const struct cfs_repo *repo,
		   const struct cfs_digest *id) CFS_NONNULL;

#endif
