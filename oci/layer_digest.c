/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_digest.h"

#include "repo/stream/cat.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"

static int hash_piece(void *ctx, const void *data, size_t len,
		      struct cfs_err *err)
{
	return cfs_content_hash_update(ctx, (struct cfs_bytes){ data, len },
				       err);
}

int cfs_oci_layer_digest(const struct cfs_repo *repo, struct cfs_stream *stream,
			 enum cfs_content_hash_alg alg, struct cfs_oci_id *ret,
			 struct cfs_err *err)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	struct cfs_sink sink = { .write = hash_piece };
	uint8_t sum[CFS_CONTENT_MAX];
	int r = cfs_content_hash_new(alg, &hash, err);

	sink.ctx = hash;
	if (r == 0)
		r = cfs_stream_cat(repo, stream, &sink, err);
	if (r == 0)
		r = cfs_content_hash_final(hash, sum, err);
	if (r == 0)
		cfs_oci_id_of_hash(alg, sum, ret);
	return r;
}

int cfs_oci_layer_check(const struct cfs_repo *repo,
			const struct cfs_oci_image *image, size_t n,
			bool *ret_measured, struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	const struct cfs_oci_id *want = cfs_oci_image_layer_id(image, n);
	struct cfs_oci_id have;
	int r = cfs_stream_load(repo, &image->layers[n], CFS_STREAM_LAYER,
				&file, err);

	if (r == 0)
		r = cfs_oci_layer_digest(repo, file.stream, want->alg, &have,
					 err);
	if (r < 0)
		return cfs_ctx(err, "layer %zu (%s)", n, want->text);
	*ret_measured = file.is_measured;
	if (cfs_oci_id_equal(&have, want))
		return 0;
	return cfs_fail(err, EBADMSG,
			"layer %zu: the repository has %s in the place of %s",
			n, have.text, want->text);
}

int cfs_oci_layers_check(const struct cfs_repo *repo,
			 const struct cfs_oci_image *image, struct cfs_err *err)
{
	bool ignored;
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->manifest.layers.n; i++)
		r = cfs_oci_layer_check(repo, image, i, &ignored, err);
	return r;
}
