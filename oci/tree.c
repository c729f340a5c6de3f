/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/tree.h"

#include <string.h>

#include "base/io.h"
#include "boot/transform.h"
#include "fsverity/merkle.h"
#include "oci/layer_tree.h"
#include "repo/node_content.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tree/small_objects.h"

/* Bytes of a file of an SELinux policy; no known one comes near. */
#define POLICY_MAX (64u << 20)

/* Returns 1 if the kernel vouches for the layer's stream, else 0. */
static int apply(const struct cfs_repo *repo, int objects,
		 const struct cfs_oci_image *image, size_t n,
		 struct cfs_layers *layers, struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	int r = cfs_stream_load(repo, &image->layers[n], CFS_STREAM_LAYER,
				&file, err);

	if (r == 0)
		r = cfs_oci_layer_apply(layers, file.stream, objects,
					image->layers[n].alg, err);
	if (r < 0)
		return cfs_ctx(err, "layer %zu (%s)", n,
			       image->manifest.layers.v[n].id.text);
	cfs_layers_name(layers, image->manifest.layers.v[n].id.text);
	return file.is_measured;
}

int cfs_oci_tree_layers(const struct cfs_oci_image *image,
			const struct cfs_oci_tree_options *options,
			struct cfs_oci_layer_range *ret, struct cfs_err *err)
{
	size_t n = image->manifest.layers.n;

	if (!image->is_container)
		return cfs_fail(err, EINVAL,
				"%s is an artifact and no container image: it "
				"has no files",
				image->id.text);
	*ret = (struct cfs_oci_layer_range){ 0, n };
	if (!options->one_layer)
		return 0;
	if (options->layer >= n)
		return cfs_fail(err, ENOENT,
				"there is no layer %zu: the image has %zu, "
				"counted from 0",
				options->layer, n);
	*ret = (struct cfs_oci_layer_range){ options->layer,
					     options->layer + 1 };
	return 0;
}

int cfs_oci_tree_programs(const struct cfs_oci_image *image,
			  const struct cfs_oci_tree_options *options,
			  struct cfs_tree *tree, enum cfs_alg alg,
			  struct cfs_err *err)
{
	if (!image->config.program_objects || options->as_is ||
	    options->one_layer)
		return 0;
	return cfs_tree_make_small_objects(tree, alg, err);
}

static int merge(const struct cfs_repo *repo, const struct cfs_oci_image *image,
		 const struct cfs_oci_tree_options *options,
		 struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *layers = NULL;
	CFS_AUTOFD int objects = -EBADF;
	struct cfs_oci_layer_range range = { 0 };
	bool measured = true;
	int r = cfs_oci_tree_layers(image, options, &range, err);

	if (r < 0)
		return r;
	objects = cfs_repo_open_objects(repo, err);
	r = objects < 0 ? objects
			: cfs_layers_new(options->create_parents
						 ? CFS_LAYERS_CREATE_PARENTS
						 : 0,
					 &layers, err);
	if (r == 0)
		r = cfs_layers_skip(layers, range.first, err);
	for (size_t i = range.first; r >= 0 && i < range.end; i++) {
		r = apply(repo, objects, image, i, layers, err);
		measured &= r > 0;
	}
	if (r >= 0 && options->ret_measured)
		*options->ret_measured = measured;
	return r < 0 ? r : cfs_layers_finish(layers, ret, err);
}

int cfs_oci_image_tree(const struct cfs_repo *repo,
		       const struct cfs_oci_image *image,
		       const struct cfs_oci_tree_options *options,
		       struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = merge(repo, image, options, &tree, err);

	if (r == 0 && !options->as_is && !options->one_layer)
		r = cfs_transform_oci(tree, options->filter, err);
	if (r == 0 && options->bootable)
		r = cfs_oci_tree_boot(repo, tree, err);
	if (r == 0)
		r = cfs_oci_tree_programs(image, options, tree, repo->meta.alg,
					  err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&tree);
	return 0;
}

static int read_content(void *ctx, const struct cfs_tree *tree,
			const struct cfs_node *node, struct cfs_buf *ret,
			struct cfs_err *err)
{
	return cfs_node_content(*(const int *)ctx, tree, node, POLICY_MAX, ret,
				err);
}

int cfs_oci_tree_boot(const struct cfs_repo *repo, struct cfs_tree *tree,
		      struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	const struct cfs_content content = { read_content, &objects };

	return objects < 0 ? objects : cfs_transform_boot(tree, &content, err);
}
