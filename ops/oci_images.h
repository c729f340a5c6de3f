/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The OCI images of a repository that have tags. */
#ifndef CFS_OPS_OCI_IMAGES_H
#define CFS_OPS_OCI_IMAGES_H

#include "base/json_write.h"
#include "oci/image.h"

/* A tag and the image that it leads to. */
struct cfs_tagged_image {
	const char *tag;
	const struct cfs_oci_image *image; /* NULL: it cannot be read */
	unsigned referrers;		   /* artifacts about the image */
	struct cfs_err why;		   /* worded if it cannot be read */
};

/* A result other than 0 ends the walk. */
typedef int cfs_tagged_image_fn(void *arg,
				const struct cfs_tagged_image *tagged,
				struct cfs_err *err);

/*
 * Calls @fn for each tag of @repo, in order.
 * Errors: of cfs_oci_tag_each(), of @fn.
 */
int cfs_tagged_images_each(const struct cfs_repo *repo, cfs_tagged_image_fn *fn,
			   void *arg, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* Writes what JSON says of @tagged, whose image can be read, as an object into
 * the array that is open in @w. */
void cfs_tagged_image_write(const struct cfs_tagged_image *tagged,
			    struct cfs_json_writer *w) CFS_NONNULL;

/*
 * Writes the digests of the artifacts about the manifest @id as the array
 * @name.
 * Errors: of cfs_stream_ref_each().
 */
int cfs_oci_referrers_write(const struct cfs_repo *repo,
			    const struct cfs_oci_id *id, const char *name,
			    struct cfs_json_writer *w,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
