/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/image.h"

#include "oci/tree.h"
#include "repo/image_store.h"
#include "repo/ref.h"

/* Of EROFS images in sealing metadata, whatever the repository's own is. */
#define FORMAT 1

/* The trees of an image on their way to facts, which are stored if wanted. */
struct sealing {
	const struct cfs_repo *repo;
	struct cfs_store *store;  /* NULL: digests are computed only */
	struct cfs_oci_image *to; /* refers to what is stored; or NULL */
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

static int commit(const struct sealing *s, const struct cfs_tree *tree,
		  bool bootable, struct cfs_digest *ret, struct cfs_err *err)
{
	const struct cfs_oci_erofs erofs = { .bootable = bootable,
					     .v1 = true,
					     .filter = s->filter };
	int r = cfs_image_store(s->store, tree, FORMAT, ret, err);

	if (r == 0)
		r = cfs_image_commit(s->store, ret, err);
	return r < 0 ? r : cfs_oci_image_set_erofs(s->to, &erofs, ret, err);
}

static int take(const struct sealing *s, const struct cfs_tree *tree,
		bool bootable, struct cfs_err *err)
{
	struct cfs_digest id;
	int r = s->store ? commit(s, tree, bootable, &id, err)
			 : cfs_image_compute(tree, FORMAT, s->repo->meta.alg,
					     &id, NULL, err);

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
	const struct cfs_oci_tree_options options = { .filter = s->filter };
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

int cfs_seal_commit(struct cfs_store *store, struct cfs_oci_image *image,
		    bool bootable, struct cfs_seal_facts *ret,
		    struct cfs_err *err)
{
	const struct sealing s = { .repo = &store->repo,
				   .store = store,
				   .to = image,
				   .filter = CFS_XATTRS_ALLOWLIST,
				   .facts = ret };
	int r = take_trees(&s, image, bootable, err);

	return r < 0 ? r : cfs_oci_image_write(store, image, err);
}
