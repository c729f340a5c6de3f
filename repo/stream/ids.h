/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A list of digests in which each stands once, in the order of first use.
 */
#ifndef CFS_REPO_STREAM_IDS_H
#define CFS_REPO_STREAM_IDS_H

#include "base/buf.h"
#include "fsverity/digest.h"

/* Zero-initialise but for alg. */
struct cfs_ids {
	enum cfs_alg alg;
	struct cfs_buf bytes; /* cfs_alg_size() bytes each */
	uint32_t *slots;      /* of a hash table: index + 1, 0 is free */
	size_t mask;	      /* slots - 1 */
};

void cfs_ids_free(struct cfs_ids *ids) CFS_NONNULL;

size_t cfs_ids_count(const struct cfs_ids *ids) CFS_NONNULL;

/*
 * The index of the digest @id, cfs_alg_size() bytes, which is added when it is
 * not there.
 * Errors: -EFBIG over @max digests, -ENOMEM.
 */
int cfs_ids_index(struct cfs_ids *ids, const uint8_t *id, size_t max,
		  size_t *ret, struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns true with the index of the digest @id in *@ret, or false if it is not
 * in the list. */
bool cfs_ids_find(const struct cfs_ids *ids, const uint8_t *id,
		  size_t *ret) CFS_MUST_CHECK CFS_NONNULL;

#endif
