/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_GOOD_H
#define CFS_REPO_GOOD_H

#include "base/vec.h"
#include "repo/stream/ids.h"

/* The maximum number of objects that are remembered: 48 bytes each for sha256,
 * 80 for sha512. */
#define CFS_GOOD_MAX (1u << 24)

/*
 * Objects that a check has found to be what their names say, and their sizes,
 * so that what refers to them need not look them up in the file system.
 * Zero-initialise it; all digests are of one algorithm.
 */
struct cfs_good {
	struct cfs_ids ids;
	CFS_VEC(uint64_t) sizes; /* in the order of ids */
};

void cfs_good_free(struct cfs_good *good);

#define CFS_AUTOGOOD __attribute__((cleanup(cfs_good_free)))

/* Remembers the object @id, which has @size bytes.  Past CFS_GOOD_MAX objects
 * nothing is added.  Errors: -ENOMEM. */
int cfs_good_add(struct cfs_good *good, const struct cfs_digest *id,
		 uint64_t size, struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns true with the size of the object @id in *@ret, or false if it is not
 * known to be good. */
bool cfs_good_size(const struct cfs_good *good, const struct cfs_digest *id,
		   uint64_t *ret) CFS_MUST_CHECK CFS_NONNULL;

#endif
