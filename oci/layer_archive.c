/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_archive.h"

#include <string.h>

int cfs_layer_archive_open(struct cfs_layer_archive *a,
			   const struct cfs_oci_layer *layer,
			   struct cfs_err *err)
{
	int r;

	*a = (struct cfs_layer_archive){ .layer = layer };
	r = cfs_content_hash_new(layer->id.alg, &a->blob_hash, err);
	if (r < 0)
		return r;
	a->blob = cfs_content_hash_source(a->blob_hash, layer->blob);
	r = cfs_decompress_new(&a->blob, &a->decompress, err);
	if (r < 0)
		return r;
	a->plain = cfs_decompress_source(a->decompress);
	a->source = a->plain;
	if (cfs_oci_id_equal(&layer->id, &layer->diff_id) &&
	    strcmp(cfs_decompress_kind(a->decompress), "none") == 0)
		return 0;
	r = cfs_content_hash_new(layer->diff_id.alg, &a->diff_hash, err);
	if (r < 0)
		return r;
	/* The decompressor changes nothing of a piece of the blob, and reads
	 * the next one into the same place. */
	cfs_content_hash_pair(a->blob_hash, a->diff_hash);
	a->source = cfs_content_hash_source(a->diff_hash, &a->plain);
	return 0;
}

void cfs_layer_archive_close(struct cfs_layer_archive *a)
{
	cfs_decompress_free(a->decompress);
	cfs_content_hash_free(a->diff_hash);
	cfs_content_hash_free(a->blob_hash);
	*a = (struct cfs_layer_archive){ 0 };
}

static int read_rest(struct cfs_layer_archive *a, struct cfs_err *err)
{
	uint8_t scratch[4096];
	ssize_t n;

	do
		n = cfs_source_read(&a->source, scratch, sizeof(scratch), err);
	while (n > 0);
	return (int)n;
}

static int check_digest(const struct cfs_layer_archive *a,
			struct cfs_content_hash *hash,
			const struct cfs_oci_id *want, const char *what,
			struct cfs_err *err)
{
	struct cfs_oci_id have;
	int r = cfs_oci_id_compare(hash, want, what, &have, err);

	if (r == -EBADMSG && a->layer->found)
		*a->layer->found = have;
	return r;
}

int cfs_layer_archive_check(struct cfs_layer_archive *a, uint64_t *ret_size,
			    struct cfs_err *err)
{
	const struct cfs_oci_layer *layer = a->layer;
	uint64_t size;
	int r = read_rest(a, err);

	if (r < 0)
		return r;
	size = cfs_content_hash_fed(a->blob_hash);
	if (size != layer->size && layer->size != CFS_OCI_SIZE_ANY)
		return cfs_fail(err, EBADMSG,
				"it is %llu bytes long, expected %llu",
				(unsigned long long)size,
				(unsigned long long)layer->size);
	*ret_size = cfs_content_hash_fed(a->diff_hash ? a->diff_hash
						      : a->blob_hash);
	r = check_digest(a, a->blob_hash, &layer->id, "its digest", err);
	if (r == 0 && a->diff_hash)
		r = check_digest(a, a->diff_hash, &layer->diff_id,
				 "its diff_id", err);
	return r;
}
