/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/share.h"

#include "oci/blob.h"
#include "repo/object.h"
#include "repo/stream/names.h"

/* Adds the objects of the stream @layer. */
static int share_layer(struct cfs_store *store, const struct cfs_repo *from,
		       int objects, const struct cfs_digest *layer,
		       struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	int r = cfs_stream_load(from, layer, NULL, &file, err);

	for (size_t i = 0; r >= 0 && i < cfs_stream_n_objects(file.stream);
	     i++) {
		struct cfs_digest id = cfs_stream_object(file.stream, i);

		r = cfs_object_add_shared(store, objects, &id, err);
	}
	return r < 0 ? r : 0;
}

/* Adds the object of the blob @id, if that is kept.  What is wrong with it is
 * found when it is copied. */
static int share_kept(struct cfs_store *store, const struct cfs_repo *from,
		      int objects, const struct cfs_oci_id *id,
		      struct cfs_err *err)
{
	struct cfs_digest stream;
	struct cfs_err why;
	int r;

	if (cfs_oci_blob_find(from, id, &stream, &why) <= 0)
		return 0;
	r = share_layer(store, from, objects, &stream, &why);
	if (r == 0 || why.code == EBADMSG || why.code == ENOENT)
		return 0;
	*err = why;
	return r;
}

int cfs_oci_share(struct cfs_store *store, const struct cfs_repo *from,
		  const struct cfs_oci_image *image, struct cfs_err *err)
{
	CFS_AUTOFD int objects = -EBADF;
	int r;

	if (from->meta.alg != store->repo.meta.alg)
		return cfs_fail(err, EINVAL,
				"--zerocopy requires matching hash "
				"algorithms; source uses %s but destination "
				"uses %s",
				cfs_alg_name(from->meta.alg),
				cfs_alg_name(store->repo.meta.alg));
	objects = cfs_repo_open_objects(from, err);
	r = objects < 0 ? objects : 0;
	for (size_t i = 0; r == 0 && i < image->manifest.layers.n; i++) {
		r = share_layer(store, from, objects, &image->layers[i], err);
		if (r == 0)
			r = share_kept(store, from, objects,
				       &image->manifest.layers.v[i].id, err);
	}
	return r;
}
