/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_ORIGIN_STREAM_BLOB_H
#define CFS_OCI_ORIGIN_STREAM_BLOB_H

#include "base/source.h"
#include "repo/open.h"

/* A blob that is a stream of a repository. */
struct cfs_stream_blob;

/* Opens the stream that the object @id is; @repo outlives the result.
 * *@ret_size: bytes of what it stands for.  Errors: of cfs_stream_load(). */
int cfs_stream_blob_open(const struct cfs_repo *repo,
			 const struct cfs_digest *id,
			 struct cfs_stream_blob **ret, uint64_t *ret_size,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_stream_blob_free(struct cfs_stream_blob *blob);

struct cfs_source cfs_stream_blob_source(struct cfs_stream_blob *blob)
	CFS_NONNULL;

#endif
