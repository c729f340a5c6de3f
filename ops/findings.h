/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The findings of a check (repo/fsck.h), kept as the records that they are. */
#ifndef CFS_OPS_FINDINGS_H
#define CFS_OPS_FINDINGS_H

#include "base/vec.h"
#include "ops/image_names.h"
#include "repo/fsck.h"

struct cfs_kept_finding; /* a copy of a struct cfs_finding */

/* Zero-initialise it. */
struct cfs_findings {
	struct cfs_image_names names;
	CFS_VEC(struct cfs_kept_finding); /* in the order of the check */
};

#define CFS_AUTOFINDINGS __attribute__((cleanup(cfs_findings_free)))
void cfs_findings_free(struct cfs_findings *f);

/* Remembers the names of @repo's images, to be told with findings about them.
 * Names that cannot be read are left out: the check reports them. */
void cfs_findings_names(struct cfs_findings *f,
			const struct cfs_repo *repo) CFS_NONNULL;

/* Keeps a copy of @finding; the found() of struct cfs_fsck_params, with @arg a
 * struct cfs_findings. */
void cfs_findings_add(void *arg, const struct cfs_finding *finding) CFS_NONNULL;

/* Finding @i, below f->n, with everything it points to. */
const struct cfs_finding *cfs_findings_get(const struct cfs_findings *f,
					   size_t i) CFS_NONNULL;

/* The next name of the image that @finding is about, from *@at on, which begins
 * at 0; NULL after the last one, and for anything but an image. */
const char *cfs_findings_next_name(const struct cfs_findings *f,
				   const struct cfs_finding *finding,
				   size_t *at) CFS_NONNULL;

/* Checks that every finding was recorded.  Errors: -ENOMEM. */
int cfs_findings_check(const struct cfs_findings *f,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
