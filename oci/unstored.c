/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/unstored.h"

#include <string.h>

#include "base/pool.h"
#include "boot/transform.h"
#include "fsverity/feed.h"
#include "fsverity/merkle.h"
#include "oci/fetch.h"
#include "oci/layer_archive.h"
#include "tree/tar/merge.h"
#include "tree/tar/reader.h"

/* A file of the policy, which the transform for booting reads. */
struct kept {
	struct cfs_digest id;
	struct cfs_buf content; /* owned */
	struct kept *next;
};

struct reading {
	enum cfs_alg alg;
	struct cfs_layers *layers;
	struct cfs_feed *feed;
	struct kept *kept; /* owned list */
	size_t kept_bytes;
	struct cfs_tar *tar; /* of the layer that is read */
};

static bool is_policy(struct cfs_bytes path)
{
	static const char below[] = "etc/selinux/";

	return path.len >= strlen(below) &&
	       memcmp(path.data, below, strlen(below)) == 0;
}

static void free_kept(struct kept *k)
{
	while (k) {
		struct kept *next = k->next;

		cfs_buf_free(&k->content);
		free(k);
		k = next;
	}
}

/* Reads a file of the policy and remembers it by its digest. */
static int keep(struct reading *rd, const struct cfs_source *from,
		struct cfs_digest *ret, struct cfs_err *err)
{
	struct kept *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return cfs_no_memory(err);
	k->next = rd->kept;
	rd->kept = k;
	r = cfs_source_all(from, CFS_UNSTORED_POLICY_MAX - rd->kept_bytes,
			   &k->content, err);
	if (r == 0)
		r = cfs_verity_digest_bytes(rd->alg, cfs_buf_bytes(&k->content),
					    &k->id, err);
	rd->kept_bytes += k->content.len;
	*ret = k->id;
	return r;
}

static int set_content(struct reading *rd, struct cfs_node *node, uint64_t size,
		       const struct cfs_source *from, bool keeps,
		       struct cfs_err *err)
{
	struct cfs_tree *tree = cfs_layers_tree(rd->layers);
	uint8_t small[CFS_INLINE_FROM_DISK];
	struct cfs_digest id;
	uint8_t *bytes;
	bool ignored;
	ssize_t n;
	int r;

	if (size <= CFS_INLINE_FROM_DISK) {
		n = cfs_source_full(from, small, (size_t)size, err);
		return n < 0 ? (int)n
			     : cfs_node_set_content(
				       tree, node,
				       (struct cfs_bytes){ small, (size_t)n },
				       err);
	}
	if (keeps) {
		r = keep(rd, from, &id, err);
		return r < 0 ? r
			     : cfs_node_set_object(tree, node, size, &id, err);
	}
	r = cfs_node_reserve_object(tree, node, size, rd->alg, &bytes, err);
	return r < 0 ? r
		     : cfs_feed_all(rd->feed,
				    &(struct cfs_feed_content){ from, size,
								bytes, NULL },
				    &ignored, err);
}

static int set_sparse(struct reading *rd, struct cfs_node *node,
		      const struct cfs_tar_entry *entry, struct cfs_err *err)
{
	struct cfs_bytes rest = entry->content;
	struct cfs_source stored = entry->is_external
					   ? cfs_tar_content(rd->tar)
					   : cfs_source_of_bytes(&rest);
	struct cfs_tar_expand x;
	struct cfs_source file;
	int r = cfs_tar_expand_init(&x, entry->sparse, entry->size, &stored,
				    err);

	if (r < 0)
		return cfs_tar_entry_ctx(entry, err);
	file = cfs_tar_expand_source(&x);
	r = set_content(rd, node, entry->sparse->size, &file, false, err);
	cfs_tar_expand_free(&x);
	return r;
}

static int add_entry(struct reading *rd, const struct cfs_tar_entry *entry,
		     struct cfs_err *err)
{
	const struct cfs_source content = cfs_tar_content(rd->tar);
	struct cfs_node *node = NULL;
	int r = cfs_layers_add(rd->layers, entry, &node, err);

	if (r < 0 || !node)
		return r;
	/* Errors of the archive's reader name the entry already. */
	return entry->sparse ? set_sparse(rd, node, entry, err)
			     : set_content(rd, node, entry->size, &content,
					   is_policy(entry->path), err);
}

static int read_archive(struct reading *rd, struct cfs_layer_archive *archive,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_tar_free) struct cfs_tar *tar = NULL;
	const struct cfs_tar_entry *entry;
	uint64_t size;
	int r = cfs_layers_begin(rd->layers, err);

	if (r == 0)
		r = cfs_tar_new(&archive->source, NULL, 0, &tar, err);
	rd->tar = tar;
	while (r == 0 && (r = cfs_tar_next(tar, &entry, err)) > 0)
		r = add_entry(rd, entry, err);
	return r < 0 ? r : cfs_layer_archive_check(archive, &size, err);
}

static int read_layer(struct reading *rd, struct cfs_origin *origin,
		      const struct cfs_oci_image *image, size_t n,
		      struct cfs_err *err)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_layer_archive archive;
	struct cfs_source source;
	struct cfs_oci_layer layer;
	int r = cfs_oci_fetch_layer(origin, image, n, &blob, err);

	if (r < 0)
		return r;
	source = cfs_oci_blob_source(&blob);
	cfs_oci_fetch_expect(origin, image, n, &layer);
	layer.blob = &source;
	r = cfs_layer_archive_open(&archive, &layer, err);
	if (r == 0)
		r = read_archive(rd, &archive, err);
	cfs_layer_archive_close(&archive);
	return r;
}

static int read_layers(struct reading *rd, struct cfs_origin *origin,
		       const struct cfs_oci_image *image,
		       const struct cfs_oci_layer_range *range,
		       struct cfs_err *err)
{
	if (cfs_layers_skip(rd->layers, range->first, err) < 0)
		return -err->code;
	for (size_t i = range->first; i < range->end; i++) {
		int r = read_layer(rd, origin, image, i, err);

		if (r < 0)
			return cfs_ctx(err, "layer %zu (%s)", i,
				       image->manifest.layers.v[i].id.text);
		cfs_layers_name(rd->layers,
				image->manifest.layers.v[i].id.text);
	}
	return cfs_feed_finish(rd->feed, err);
}

static int read_kept(void *ctx, const struct cfs_tree *tree,
		     const struct cfs_node *node, struct cfs_buf *ret,
		     struct cfs_err *err)
{
	const struct reading *rd = ctx;
	struct cfs_digest id;

	if (cfs_node_digest(tree, node, &id))
		for (const struct kept *k = rd->kept; k; k = k->next)
			if (cfs_digest_equal(&k->id, &id)) {
				cfs_buf_add(ret, k->content.data,
					    k->content.len);
				return cfs_buf_check(ret, err);
			}
	return cfs_fail(err, EOPNOTSUPP,
			"the file of the policy is a link out of /etc/selinux: "
			"pull the image first");
}

static int finish(struct reading *rd, const struct cfs_oci_image *image,
		  const struct cfs_oci_tree_options *options,
		  struct cfs_tree **ret, struct cfs_err *err)
{
	const struct cfs_content content = { read_kept, rd };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = cfs_layers_finish(rd->layers, &tree, err);

	if (r == 0 && !options->as_is && !options->one_layer)
		r = cfs_transform_oci(tree, options->filter, err);
	if (r == 0 && options->bootable)
		r = cfs_transform_boot(tree, &content, err);
	if (r == 0)
		r = cfs_oci_tree_programs(image, options, tree, rd->alg, err);
	if (r == 0)
		*ret = cfs_steal_ptr(&tree);
	return r;
}

static int make(struct reading *rd, struct cfs_origin *origin,
		const struct cfs_oci_image *image,
		const struct cfs_oci_tree_options *options,
		struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	CFS_AUTO(cfs_layers_free) struct cfs_layers *layers = NULL;
	CFS_AUTO(cfs_feed_free) struct cfs_feed *feed = NULL;
	struct cfs_oci_layer_range range;
	int r = cfs_oci_tree_layers(image, options, &range, err);

	if (r == 0)
		r = cfs_layers_new(
			options->create_parents ? CFS_LAYERS_CREATE_PARENTS : 0,
			&layers, err);
	if (r == 0)
		r = cfs_digester_new(rd->alg, cfs_pool_usable_threads(), NULL,
				     &digester, err);
	if (r == 0)
		r = cfs_feed_new(digester, &feed, err);
	if (r < 0)
		return r;
	rd->layers = layers;
	rd->feed = feed;
	r = read_layers(rd, origin, image, &range, err);
	return r < 0 ? r : finish(rd, image, options, ret, err);
}

int cfs_oci_unstored_tree(struct cfs_origin *origin,
			  const struct cfs_oci_choice *choice, enum cfs_alg alg,
			  const struct cfs_oci_tree_options *options,
			  struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct reading rd = { .alg = alg };
	int r = cfs_oci_fetch_documents(origin, choice, &image, err);

	if (r == 0)
		r = make(&rd, origin, &image, options, ret, err);
	free_kept(rd.kept);
	return r;
}
