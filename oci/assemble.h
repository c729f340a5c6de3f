/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image that is made of documents that a caller has, and of layers that are
 * in the repository. */
#ifndef CFS_OCI_ASSEMBLE_H
#define CFS_OCI_ASSEMBLE_H

#include "oci/image.h"

/*
 * Reads the documents of a container into *@ret, which is empty before, and
 * finds the streams of its layers.  The digest of the manifest is SHA-256.
 * Nothing is written.
 * Errors: -EINVAL it is no container; -EBADMSG the configuration is not the one
 * of the manifest; -ENOENT the repository lacks a layer, whose diff_id
 * err->path is; those of cfs_oci_check_layers() and of parsing.
 */
int cfs_oci_assemble_read(const struct cfs_repo *repo,
			  struct cfs_bytes manifest, struct cfs_bytes config,
			  struct cfs_oci_image *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Stores @image, which cfs_oci_assemble_read() filled in, and makes its EROFS
 * images of the formats @formats.  It has no tag then.
 * Errors: those of cfs_oci_image_write() and cfs_oci_make_images().
 */
int cfs_oci_assemble_store(struct cfs_store *store, struct cfs_oci_image *image,
			   unsigned formats,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
