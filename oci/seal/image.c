/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/image.h"

#include <string.h>

#include "oci/tree.h"
#include "repo/image_store.h"
#include "repo/ref.h"

/* The trees of an image on their way to facts, which are stored if wanted. */
struct sealing {
	const struct cfs_repo *repo;
	struct cfs_store *store;  /* NULL: digests are computed only */
	struct cfs_oci_image *to; /* refers to what is stored; or NULL */
	bool *changed;		  /* does it refer to something new now? */
	enum cfs_xattr_filter filter;
	struct cfs_seal_facts *facts;
};

static int begin(const struct cfs_repo *repo, const struct cfs_oci_image *image,
		 struct cfs_seal_facts *ret, struct cfs_err *err)
{
	return cfs_seal_facts_begin(
		&image->id, cfs_buf_bytes(&image->manifest_text),
		cfs_buf_bytes(&image->config_text), repo->meta.alg, ret, err);
}

/* Makes @image refer to @id, and sets *@changed unless it did already. */
static int refer(struct cfs_oci_image *image, const struct cfs_oci_erofs *erofs,
		 const struct cfs_digest *id, bool *changed,
		 struct cfs_err *err)
{
	struct cfs_digest old;

	if (cfs_oci_image_erofs(image, erofs, &old) &&
	    cfs_digest_equal(&old, id))
		return 0;
	*changed = true;
	return cfs_oci_image_set_erofs(image, erofs, id, err);
}

static int commit(const struct sealing *s, const struct cfs_tree *tree,
		  const struct cfs_oci_erofs *erofs, struct cfs_digest *ret,
		  struct cfs_err *err)
{
	int r = cfs_image_store(s->store, tree, CFS_SEAL_EROFS_FORMAT, ret,
				err);

	if (r == 0)
		r = cfs_image_commit(s->store, ret, err);
	return r < 0 ? r : refer(s->to, erofs, ret, s->changed, err);
}

static int take(const struct sealing *s, const struct cfs_tree *tree,
		bool bootable, struct cfs_err *err)
{
	const struct cfs_oci_erofs erofs = { .bootable = bootable,
					     .v1 = true,
					     .filter = s->filter };
	struct cfs_digest id;
	int r = s->store ? commit(s, tree, &erofs, &id, err)
			 : cfs_image_compute(tree, CFS_SEAL_EROFS_FORMAT,
					     s->repo->meta.alg, &id, NULL, err);

	if (r == 0)
		cfs_seal_facts_set(
			s->facts,
			bootable ? CFS_SEAL_BOOTABLE : CFS_SEAL_MERGED, &id);
	return r;
}

static int take_trees(const struct sealing *s,
		      const struct cfs_oci_image *image, bool bootable,
		      struct cfs_err *err)
{
	const struct cfs_oci_tree_options options = {
		.filter = s->filter,
		.ret_measured = &s->facts->measured,
	};
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = begin(s->repo, image, s->facts, err);

	if (r == 0)
		r = cfs_oci_image_tree(s->repo, image, &options, &tree, err);
	if (r == 0)
		r = take(s, tree, false, err);
	if (r == 0 && bootable)
		r = cfs_oci_tree_boot(s->repo, tree, err);
	if (r == 0 && bootable)
		r = take(s, tree, true, err);
	return r;
}

int cfs_seal_compute(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image, bool bootable,
		     enum cfs_xattr_filter filter, struct cfs_seal_facts *ret,
		     struct cfs_err *err)
{
	const struct sealing s = { .repo = repo,
				   .filter = filter,
				   .facts = ret };

	return take_trees(&s, image, bootable, err);
}

/* Does a layer that gives this error need lower ones? */
static bool needs_others(int r)
{
	return r == -ENOENT || r == -ENOTDIR;
}

static int commit_layer(const struct sealing *s, size_t n,
			struct cfs_digest *ret, struct cfs_err *err)
{
	const struct cfs_oci_tree_options options = { .one_layer = true,
						      .layer = n };
	const struct cfs_oci_erofs erofs = { .v1 = true,
					     .one_layer = true,
					     .layer = (unsigned)n };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = cfs_oci_image_tree(s->repo, s->to, &options, &tree, err);

	*ret = (struct cfs_digest){ 0 };
	if (needs_others(r))
		return 0;
	return r < 0 ? r : commit(s, tree, &erofs, ret, err);
}

static int commit_layers(const struct sealing *s, struct cfs_digest *ret,
			 struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->to->manifest.layers.n; i++)
		r = commit_layer(s, i, &ret[i], err);
	s->facts->layers = ret;
	return r;
}

int cfs_seal_commit(struct cfs_store *store, struct cfs_oci_image *image,
		    bool bootable, struct cfs_digest *layers,
		    struct cfs_seal_facts *ret, struct cfs_err *err)
{
	bool changed = false;
	const struct sealing s = { .repo = &store->repo,
				   .store = store,
				   .to = image,
				   .changed = &changed,
				   .filter = CFS_XATTRS_ALLOWLIST,
				   .facts = ret };
	int r = take_trees(&s, image, bootable, err);

	if (r == 0 && layers)
		r = commit_layers(&s, layers, err);
	return r < 0 || !changed ? r : cfs_oci_image_write(store, image, err);
}

/* Parses the texts of @image. */
static int parse(struct cfs_oci_image *image, enum cfs_content_hash_alg alg,
		 struct cfs_err *err)
{
	struct cfs_bytes manifest = cfs_buf_bytes(&image->manifest_text);
	int r = cfs_oci_id_of_bytes(alg, manifest, &image->id, err);

	if (r == 0)
		r = cfs_oci_manifest_parse(manifest, &image->manifest, err);
	if (r == 0)
		r = cfs_oci_config_parse(cfs_buf_bytes(&image->config_text),
					 &image->config, err);
	image->is_container = true;
	return r < 0 ? r : cfs_oci_image_check_counts(image, err);
}

/* Images of one layer do not depend on the label. */
static bool still_holds(const struct cfs_oci_erofs_ref *ref,
			const struct cfs_oci_image *from,
			const struct cfs_oci_image *to)
{
	struct cfs_oci_erofs erofs;

	return from->config.program_objects == to->config.program_objects ||
	       (cfs_oci_erofs_is(ref->name, &erofs) && erofs.one_layer);
}

static int copy_refs(const struct cfs_oci_image *from, struct cfs_oci_image *to,
		     struct cfs_err *err)
{
	size_t n = from->manifest.layers.n;

	to->layers = calloc(n + 1, sizeof(*to->layers));
	if (!to->layers || !cfs_vec_reserve(&to->erofs, from->erofs.n))
		return cfs_no_memory(err);
	if (n > 0)
		memcpy(to->layers, from->layers, n * sizeof(*to->layers));
	for (size_t i = 0; i < from->erofs.n; i++)
		if (still_holds(&from->erofs.v[i], from, to))
			(void)cfs_vec_add(&to->erofs, from->erofs.v[i]);
	return 0;
}

int cfs_seal_store_edited(struct cfs_store *store,
			  const struct cfs_oci_image *from,
			  struct cfs_bytes manifest, struct cfs_bytes config,
			  struct cfs_oci_image *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	int r;

	cfs_buf_add(&image.manifest_text, manifest.data, manifest.len);
	cfs_buf_add(&image.config_text, config.data, config.len);
	r = cfs_buf_check(&image.manifest_text, err);
	if (r == 0)
		r = cfs_buf_check(&image.config_text, err);
	if (r == 0)
		r = parse(&image, from->id.alg, err);
	if (r == 0 && image.manifest.layers.n != from->manifest.layers.n)
		r = cfs_fail(err, EINVAL, "the number of layers changed");
	if (r == 0)
		r = copy_refs(from, &image, err);
	if (r == 0)
		r = cfs_oci_image_write(store, &image, err);
	if (r < 0)
		return r;
	*ret = image;
	image = (struct cfs_oci_image){ 0 };
	return 0;
}
