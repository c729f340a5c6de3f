/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The objects that an image needs, with their sizes. */
#ifndef CFS_REPO_EXPORT_NEEDS_H
#define CFS_REPO_EXPORT_NEEDS_H

#include "base/bytes.h"
#include "base/vec.h"
#include "fsverity/digest.h"

struct cfs_export_need {
	struct cfs_digest id;
	uint64_t size; /* of the files that have it; more than 0 */
};

/* In ascending order of the digests, each one once.  Zero-initialise it. */
struct cfs_export_needs {
	CFS_VEC(struct cfs_export_need);
};

void cfs_export_needs_free(struct cfs_export_needs *needs);
#define CFS_AUTONEEDS __attribute__((cleanup(cfs_export_needs_free)))

/*
 * Lists the objects of @image, which are all of @alg.
 * Errors: those of cfs_erofs_read(); -EBADMSG also if the image is one that
 * cfs_repo_fsck() finds fault with: the content of a file is no object, not
 * that of its digest or of another algorithm, or two files of different sizes
 * have the same one; -E2BIG over CFS_EXPORT_OBJECTS_MAX objects.
 */
int cfs_export_needs_read(struct cfs_bytes image, enum cfs_alg alg,
			  struct cfs_export_needs *ret,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4)));

/*
 * Adds those of @more to @needs.
 * Errors: -EBADMSG, -E2BIG, as above; -ENOMEM.
 */
int cfs_export_needs_merge(struct cfs_export_needs *needs,
			   const struct cfs_export_needs *more,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
