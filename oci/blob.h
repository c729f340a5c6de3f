/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_BLOB_H
#define CFS_OCI_BLOB_H

#include "base/source.h"
#include "oci/id.h"
#include "repo/store.h"

/*
 * A blob that is kept as it came, compressed layers of container images among
 * them, is a stream "oci-blob-<digest>" of one object.  Other blobs than layers
 * of container images are kept like this under the names of layers.
 */

/*
 * Stores the @size bytes of @source, whose digest @id is, as one object and a
 * stream of it, whose digest is *@ret and which has no name yet.
 * Errors: -EBADMSG size or digest are others; those of storing.
 */
int cfs_oci_blob_store(struct cfs_store *store, const struct cfs_source *source,
		       uint64_t size, const struct cfs_oci_id *id,
		       struct cfs_digest *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finds the stream of the blob @id, if @repo keeps that.  Returns 1 with *@ret,
 * or 0.  Errors: those of cfs_stream_lookup(). */
int cfs_oci_blob_find(const struct cfs_repo *repo, const struct cfs_oci_id *id,
		      struct cfs_digest *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the object of the blob @stream, the digest of a stream.
 * Errors: -ENOENT, -EBADMSG it is not the stream of a blob, ...
 */
int cfs_oci_blob_open(const struct cfs_repo *repo,
		      const struct cfs_digest *stream, int *ret_fd,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Keeps the blob @id of @size bytes in @store too, if the repository @from
 * keeps it.  Returns 1, or 0 if that does not, or @store has it already.
 * Errors: -EBADMSG, -ENOENT it is damaged in @from; those of storing.
 */
int cfs_oci_blob_copy(struct cfs_store *store, const struct cfs_repo *from,
		      const struct cfs_oci_id *id, uint64_t size,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
