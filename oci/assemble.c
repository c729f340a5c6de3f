/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/assemble.h"

#include "oci/fetch.h"
#include "oci/pull.h"
#include "oci/tag.h"
#include "repo/object.h"

/* Copies the documents, and reads what they say. */
static int read_documents(struct cfs_bytes manifest, struct cfs_bytes config,
			  struct cfs_oci_image *image, struct cfs_err *err)
{
	int r;

	cfs_buf_add(&image->manifest_text, manifest.data, manifest.len);
	cfs_buf_add(&image->config_text, config.data, config.len);
	r = cfs_buf_check(&image->manifest_text, err);
	if (r == 0)
		r = cfs_buf_check(&image->config_text, err);
	if (r == 0)
		r = cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, manifest,
					&image->id, err);
	if (r == 0)
		r = cfs_oci_manifest_parse(manifest, &image->manifest, err);
	if (r < 0)
		return cfs_ctx(err, "manifest");
	image->is_container = cfs_oci_manifest_is_container(&image->manifest);
	if (!image->is_container)
		return cfs_fail(err, EINVAL,
				"manifest: it is not that of a container");
	r = cfs_oci_config_parse(config, &image->config, err);
	return r < 0 ? cfs_ctx(err, "config") : 0;
}

static int check_config(const struct cfs_oci_image *image, struct cfs_err *err)
{
	const struct cfs_oci_descriptor *want = &image->manifest.config;
	struct cfs_oci_id id;
	int r = cfs_oci_id_of_bytes(
		want->id.alg, cfs_buf_bytes(&image->config_text), &id, err);

	if (r < 0)
		return r;
	if (!cfs_oci_id_equal(&id, &want->id) ||
	    image->config_text.len != want->size)
		return cfs_fail(err, EBADMSG,
				"config is %s of %zu bytes, expected %s of "
				"%llu",
				id.text, image->config_text.len, want->id.text,
				(unsigned long long)want->size);
	return 0;
}

/* Finds the stream of layer @n, and its object. */
static int find_layer(const struct cfs_repo *repo, struct cfs_oci_image *image,
		      size_t n, struct cfs_err *err)
{
	const struct cfs_oci_id *id = cfs_oci_image_layer_id(image, n);
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	CFS_AUTOFD int fd = -EBADF;
	char name[CFS_OCI_NAME_MAX];
	int r;

	if (objects < 0)
		return objects;
	cfs_oci_layer_name(id, name);
	r = cfs_stream_lookup(repo, name, &image->layers[n], err);
	if (r > 0)
		r = cfs_object_open(objects, &image->layers[n], &fd, err);
	if (r != 0)
		return r;
	(void)cfs_fail(err, ENOENT, "the repository lacks layer %zu, %s", n,
		       id->text);
	return cfs_err_path(err, id->text);
}

int cfs_oci_assemble_read(const struct cfs_repo *repo,
			  struct cfs_bytes manifest, struct cfs_bytes config,
			  struct cfs_oci_image *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	int r = read_documents(manifest, config, &image, err);

	if (r == 0)
		r = check_config(&image, err);
	if (r == 0)
		r = cfs_oci_check_layers(&image, err);
	if (r < 0)
		return r;
	/* One more than there are: of no layers, calloc(0) might return
	 * NULL. */
	image.layers =
		calloc(image.manifest.layers.n + 1, sizeof(*image.layers));
	if (!image.layers)
		return cfs_no_memory(err);
	for (size_t i = 0; r >= 0 && i < image.manifest.layers.n; i++)
		r = find_layer(repo, &image, i, err);
	if (r < 0)
		return r;
	*ret = image;
	image = (struct cfs_oci_image){ 0 };
	return 0;
}

/* Keeps the EROFS images that the repository has of this image: the
 * configuration's stream, which refers to them, is written anew. */
static void take_over_refs(const struct cfs_repo *repo,
			   struct cfs_oci_image *image)
{
	CFS_AUTOIMAGE struct cfs_oci_image old = { 0 };
	struct cfs_err ignored;

	if (cfs_oci_image_open(repo, &image->id, &old, &ignored) > 0)
		cfs_vec_move(&image->erofs, &old.erofs);
}

int cfs_oci_assemble_store(struct cfs_store *store, struct cfs_oci_image *image,
			   unsigned formats, struct cfs_err *err)
{
	const struct cfs_oci_tree_options options = { 0 };
	int r;

	take_over_refs(&store->repo, image);
	r = cfs_oci_image_write(store, image, err);
	return r < 0 ? r
		     : cfs_oci_make_images(store, image, formats, false,
					   &options, err);
}
