/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The digests of an image in a repository, computed from its layers, and not
 * taken from what an earlier program wrote beside them.
 */
#ifndef CFS_OCI_SEAL_IMAGE_H
#define CFS_OCI_SEAL_IMAGE_H

#include "oci/image.h"
#include "oci/seal/facts.h"

/*
 * Computes the digests of the manifest, the configuration, the merged image
 * and, if @bootable, the image to boot, all EROFS images of format 1.
 * Errors: -EINVAL the image is no container; those of its documents, layers
 * and tree.
 */
int cfs_seal_compute(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image, bool bootable,
		     enum cfs_xattr_filter filter, struct cfs_seal_facts *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Does the same and commits the EROFS images: the configuration's stream, which
 * is written anew, refers to them.
 * Errors: those, and of storing.
 */
int cfs_seal_commit(struct cfs_store *store, struct cfs_oci_image *image,
		    bool bootable, struct cfs_seal_facts *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
