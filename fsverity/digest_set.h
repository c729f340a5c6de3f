/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_FSVERITY_DIGEST_SET_H
#define CFS_FSVERITY_DIGEST_SET_H

#include <sys/types.h>

#include "base/vec.h"
#include "fsverity/digest.h"

/*
 * A set of digests: filled first, asked then.  Zero-initialise it, release it
 * with cfs_digest_set_free().
 */
struct cfs_digest_set {
	CFS_VEC(struct cfs_digest);
	bool unsorted; /* v may be in disorder and have digests twice */
};

void cfs_digest_set_free(struct cfs_digest_set *set);

#define CFS_AUTODIGESTSET __attribute__((cleanup(cfs_digest_set_free)))

/* Adds @id, which may be in the set already.  Errors: -ENOMEM. */
int cfs_digest_set_add(struct cfs_digest_set *set, const struct cfs_digest *id,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Puts v in the order of algorithms and bytes, each digest once. */
void cfs_digest_set_sort(struct cfs_digest_set *set) CFS_NONNULL;

/* The index of @id in v, or -1.  Sorts the set if need be. */
ssize_t cfs_digest_set_find(struct cfs_digest_set *set,
			    const struct cfs_digest *id) CFS_NONNULL;

/* Is @id in the set?  Sorts it if need be. */
bool cfs_digest_set_has(struct cfs_digest_set *set,
			const struct cfs_digest *id) CFS_NONNULL;

#endif
