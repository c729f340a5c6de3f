/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The digests of an image in a repository, computed from its layers, and not
 * taken from what an earlier program wrote beside them.
 */
#ifndef CFS_OCI_SEAL_IMAGE_H
#define CFS_OCI_SEAL_IMAGE_H

#include "oci/image.h"
#include "oci/seal/facts.h"

/* The format of EROFS images in sealing metadata, whatever the repository's own
 * is. */
#define CFS_SEAL_EROFS_FORMAT 1

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
 * Does the same and commits the EROFS images: the configuration's stream refers
 * to them, and is written anew, once, if it did not before.
 *
 * @layers: NULL, or room for as many digests as @image has layers.  Then the
 * image of each layer alone is committed, too, and ret->layers is @layers; a
 * digest of no algorithm (0) is that of a layer that has no image of its own,
 * because it needs lower ones.
 * Errors: those of cfs_seal_compute(), and of storing.
 */
int cfs_seal_commit(struct cfs_store *store, struct cfs_oci_image *image,
		    bool bootable, struct cfs_digest *layers,
		    struct cfs_seal_facts *ret,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 5, 6)));

/*
 * Stores the image whose manifest is @manifest and whose configuration is
 * @config, made of those of @from by changing annotations or labels: it has the
 * layers of @from, its EROFS images but those that CFS_OCI_IPE_LABEL changes,
 * and no tag.
 * *@ret: that image.
 * Errors: -EINVAL they are no longer what they were; of storing.
 */
int cfs_seal_store_edited(struct cfs_store *store,
			  const struct cfs_oci_image *from,
			  struct cfs_bytes manifest, struct cfs_bytes config,
			  struct cfs_oci_image *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
