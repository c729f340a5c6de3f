/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/layers.h"

#include "oci/layer_digest.h"
#include "repo/object.h"

/* Does the kernel vouch for the object @id in @objects? */
static bool is_measured(int objects, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;

	return cfs_object_open(objects, id, &fd, &ignored) > 0 &&
	       cfs_object_is_measured(fd, id);
}

bool cfs_seal_all_measured(const struct cfs_repo *repo,
			   const struct cfs_oci_image *image)
{
	struct cfs_err ignored;
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, &ignored);
	bool all = objects >= 0;

	for (size_t i = 0; all && i < image->manifest.layers.n; i++)
		all = is_measured(objects, &image->layers[i]);
	return all;
}

/* Reads layer @n unless it was read before. */
static int check_layer(const struct cfs_repo *repo,
		       const struct cfs_oci_image *image, size_t n, int objects,
		       const struct cfs_seal_memory *memory,
		       struct cfs_err *err)
{
	const struct cfs_oci_id *archive = cfs_oci_image_layer_id(image, n);
	const struct cfs_digest *stream = &image->layers[n];
	bool measured;
	int r;

	if (cfs_seal_recall_archive(memory, stream, archive) &&
	    is_measured(objects, stream))
		return 0;
	r = cfs_oci_layer_check(repo, image, n, &measured, err);
	if (r == 0 && measured)
		cfs_seal_remember_archive(memory, stream, archive);
	return r;
}

int cfs_seal_layers_check(const struct cfs_repo *repo,
			  const struct cfs_oci_image *image,
			  const struct cfs_seal_memory *memory,
			  struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	int r = objects < 0 ? objects : 0;

	for (size_t i = 0; r == 0 && i < image->manifest.layers.n; i++)
		r = check_layer(repo, image, i, objects, memory, err);
	return r;
}
