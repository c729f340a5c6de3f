/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/stream_blob.h"

#include "repo/stream/bytes.h"
#include "repo/stream/names.h"

struct cfs_stream_blob {
	struct cfs_stream_file file;
	struct cfs_stream_bytes bytes;
};

void cfs_stream_blob_free(struct cfs_stream_blob *blob)
{
	if (!blob)
		return;
	cfs_stream_bytes_close(&blob->bytes);
	cfs_stream_file_close(&blob->file);
	free(blob);
}

int cfs_stream_blob_open(const struct cfs_repo *repo,
			 const struct cfs_digest *id,
			 struct cfs_stream_blob **ret, uint64_t *ret_size,
			 struct cfs_err *err)
{
	struct cfs_stream_blob *blob = malloc(sizeof(*blob));
	int r;

	if (!blob)
		return cfs_no_memory(err);
	*blob = (struct cfs_stream_blob){ CFS_STREAM_FILE_INIT,
					  CFS_STREAM_BYTES_INIT };
	r = cfs_stream_load(repo, id, NULL, &blob->file, err);
	if (r >= 0)
		r = cfs_stream_bytes_open(repo, blob->file.stream, &blob->bytes,
					  err);
	if (r < 0) {
		cfs_stream_blob_free(blob);
		return r;
	}
	*ret_size = cfs_stream_size(blob->file.stream);
	*ret = blob;
	return 0;
}

struct cfs_source cfs_stream_blob_source(struct cfs_stream_blob *blob)
{
	return cfs_stream_bytes_source(&blob->bytes);
}
