/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_SHARE_H
#define CFS_OCI_SHARE_H

#include "oci/image.h"
#include "repo/store.h"

/*
 * Stores the objects of all layers of @image, which is in the repository @from,
 * by sharing files or blocks with that where the file system can
 * (cfs_object_add_shared()).  To be called before the image is pulled from
 * there (cfs_origin_open_repo()), which then finds them.
 * Errors: -EINVAL the repositories have different algorithms; those of reading
 * the layers' streams and of storing.
 */
int cfs_oci_share(struct cfs_store *store, const struct cfs_repo *from,
		  const struct cfs_oci_image *image,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
