/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The names of a repository's images, by image. */
#ifndef CFS_OPS_IMAGE_NAMES_H
#define CFS_OPS_IMAGE_NAMES_H

#include "base/vec.h"
#include "repo/open.h"

struct cfs_image_name {
	struct cfs_digest id;
	char *name; /* owned */
};

/* Zero-initialise it. */
struct cfs_image_names {
	CFS_VEC(struct cfs_image_name); /* in the order of names */
};

#define CFS_AUTOIMAGENAMES __attribute__((cleanup(cfs_image_names_free)))
void cfs_image_names_free(struct cfs_image_names *names);

/* Adds the names of all images of @repo.  Errors: of cfs_ref_each(). */
int cfs_image_names_read(struct cfs_image_names *names,
			 const struct cfs_repo *repo,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The next name of the image @id from *@at on, which moves behind it and begins
 * at 0; NULL after the last one. */
const char *cfs_image_names_next(const struct cfs_image_names *names,
				 const struct cfs_digest *id,
				 size_t *at) CFS_NONNULL;

#endif
