/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_LINKED_H
#define CFS_OCI_LINKED_H

#include "oci/image.h"

/*
 * Finds an image that the EROFS image @id was made of.  Images that cannot be
 * read are passed over.
 * Returns 1 with *@ret, which cfs_oci_image_free() frees, or 0.
 * Errors: of cfs_stream_each().
 */
int cfs_oci_image_of_erofs(const struct cfs_repo *repo,
			   const struct cfs_digest *id,
			   struct cfs_oci_image *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
