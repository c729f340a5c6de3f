/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Does the repository have the layers that the configuration of an image
 * names?  What verifies signatures takes the repository's word for that
 * (oci/layer_digest.h), unless it is asked to read them.
 */
#ifndef CFS_OCI_SEAL_LAYERS_H
#define CFS_OCI_SEAL_LAYERS_H

#include "oci/image.h"
#include "oci/seal/memory.h"

/* Does the kernel vouch for the streams of all layers of @image, by
 * fs-verity? */
bool cfs_seal_all_measured(const struct cfs_repo *repo,
			   const struct cfs_oci_image *image) CFS_NONNULL;

/*
 * Compares the contents of each layer of @image, a container, with its diff_id.
 * A layer that fs-verity protects is read once and remembered in @memory.
 * Errors: those of cfs_oci_layer_check().
 */
int cfs_seal_layers_check(const struct cfs_repo *repo,
			  const struct cfs_oci_image *image,
			  const struct cfs_seal_memory *memory,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
