/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_FETCH_H
#define CFS_OCI_FETCH_H

#include "oci/image.h"
#include "oci/layer.h"
#include "oci/origin.h"

/*
 * Fetches manifest and configuration of @choice into @ret, texts and what they
 * say, and checks that they are of one image.
 * Errors: those of parsing, -EBADMSG a document is not what its digest says, or
 * layers and diff_ids are not as many, -EOPNOTSUPP a layer is no archive, ...
 */
int cfs_oci_fetch_documents(struct cfs_origin *origin,
			    const struct cfs_oci_choice *choice,
			    struct cfs_oci_image *ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Checks that the layers of @image, if it is a container, are archives, and as
 * many as its configuration has diff_ids.
 * Errors: -EBADMSG, -EOPNOTSUPP.
 */
int cfs_oci_check_layers(const struct cfs_oci_image *image,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Fetches the configuration of @image, whose manifest is known: its text and,
 * of a container, what it says.
 * Errors: as above, worded with its digest.
 */
int cfs_oci_fetch_config(struct cfs_origin *origin, struct cfs_oci_image *image,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the blob of layer @n; where the origin has layers only unpacked, the
 * archive that it is.  Errors: -ENOENT, of cfs_origin_blob().
 */
int cfs_oci_fetch_layer(struct cfs_origin *origin,
			const struct cfs_oci_image *image, size_t n,
			struct cfs_oci_blob *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fills in the size and digests that the blob of a container's layer must have;
 * the blob itself is left out of *@ret.  @origin: where it comes from, or NULL
 * for a blob that is as the manifest has it. */
void cfs_oci_fetch_expect(const struct cfs_origin *origin,
			  const struct cfs_oci_image *image, size_t n,
			  struct cfs_oci_layer *ret)
	__attribute__((nonnull(2, 4)));

#endif
