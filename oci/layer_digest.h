/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Are the layers that a repository has those of the image?  That takes all of
 * their contents: the names of streams are not a part of them. */
#ifndef CFS_OCI_LAYER_DIGEST_H
#define CFS_OCI_LAYER_DIGEST_H

#include "oci/image.h"
#include "repo/stream/reader.h"

/*
 * Computes the digest of the archive that @stream, at its first chunk, stands
 * for.  Each object is checked before it is hashed.
 * Errors: those of cfs_stream_cat().
 */
int cfs_oci_layer_digest(const struct cfs_repo *repo, struct cfs_stream *stream,
			 enum cfs_content_hash_alg alg, struct cfs_oci_id *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Compares the archive of layer @n of @image, a container, with its diff_id.
 * *@ret_measured: the kernel vouched for the stream while it was read.
 * Errors, worded with the layer: -EBADMSG it is another or damaged, -ENOENT an
 * object is missing, ...
 */
int cfs_oci_layer_check(const struct cfs_repo *repo,
			const struct cfs_oci_image *image, size_t n,
			bool *ret_measured,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The same for all layers of @image. */
int cfs_oci_layers_check(const struct cfs_repo *repo,
			 const struct cfs_oci_image *image,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
