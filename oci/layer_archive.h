/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_LAYER_ARCHIVE_H
#define CFS_OCI_LAYER_ARCHIVE_H

#include "compress/decompress.h"
#include "fsverity/content_hash.h"
#include "oci/layer.h"

/* The archive in a layer's blob, hashed on both sides of the decompression;
 * once when there is none.  Stays where it is while it is open. */
struct cfs_layer_archive {
	struct cfs_source source; /* the archive's bytes */
	/* Private. */
	const struct cfs_oci_layer *layer;
	struct cfs_source blob, plain;
	struct cfs_content_hash *blob_hash, *diff_hash; /* diff: may be NULL */
	struct cfs_decompress *decompress;
};

/* @layer: borrowed until cfs_layer_archive_close(), which is to be called also
 * after a failure.  Errors: of hashing, of cfs_decompress_new(). */
int cfs_layer_archive_open(struct cfs_layer_archive *archive,
			   const struct cfs_oci_layer *layer,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_layer_archive_close(struct cfs_layer_archive *archive) CFS_NONNULL;

/*
 * Reads the blob to its end, which a reader of the archive need not have done,
 * and checks both digests and the size.  *@ret_size: bytes of the archive.
 * Errors: -EBADMSG it is not what it is said to be; of reading.
 */
int cfs_layer_archive_check(struct cfs_layer_archive *archive,
			    uint64_t *ret_size,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
