/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The index of an exported image (repo/export/format.h). */
#ifndef CFS_REPO_EXPORT_INDEX_H
#define CFS_REPO_EXPORT_INDEX_H

#include "base/buf.h"
#include "repo/export/format.h"
#include "repo/export/needs.h"

/* The size of the index of an image that needs @n objects. */
#define CFS_EXPORT_INDEX_SIZE(n)            \
	(sizeof(struct cfs_export_header) + \
	 (uint64_t)(n) * sizeof(struct cfs_export_entry))

/* Appends the index to @out: @places[i] is that of need @i.
 * Errors: -ENOMEM. */
int cfs_export_index_write(enum cfs_alg alg,
			   const struct cfs_export_place *places, size_t n,
			   struct cfs_buf *out,
			   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(4, 5)));

/*
 * Reads the index of an image that needs @needs, all of @alg.  @ret: room for
 * needs->n places; every one fits the size of its object.
 * Errors: -EBADMSG it is no index, or none of this image; -EOPNOTSUPP it is of
 * a newer version.
 */
int cfs_export_index_read(struct cfs_bytes bytes, enum cfs_alg alg,
			  const struct cfs_export_needs *needs,
			  struct cfs_export_place *ret,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5)));

#endif
