/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which way of making an image to boot gives the digest that is expected. */
#include "oci/pull.h"

#include "repo/image_store.h"
#include "repo/meta.h"
#include "repo/ref.h"

static const enum cfs_xattr_filter filters[] = {
	CFS_XATTRS_ALLOWLIST,
	CFS_XATTRS_KEEP_USER,
};

static int refer(struct cfs_store *store, struct cfs_oci_image *image,
		 const struct cfs_oci_erofs *erofs, const struct cfs_digest *id,
		 struct cfs_err *err)
{
	int r = cfs_oci_image_set_erofs(image, erofs, id, err);

	return r < 0 ? r : cfs_oci_image_write(store, image, err);
}

/* Of the images that @image has.  Returns 1, or 0. */
static int find_made(const struct cfs_oci_image *image,
		     const struct cfs_digest *want, struct cfs_oci_erofs *ret)
{
	for (size_t i = 0; i < image->n_erofs; i++)
		if (cfs_oci_erofs_is(image->erofs[i].name, ret) &&
		    ret->bootable &&
		    cfs_digest_equal(&image->erofs[i].id, want))
			return 1;
	return 0;
}

/* Returns 1 with the image in the repository, or 0 when it is not the one. */
static int try_format(struct cfs_store *store, const struct cfs_tree *tree,
		      unsigned format, const struct cfs_digest *want,
		      struct cfs_err *err)
{
	struct cfs_digest id;
	int r = cfs_image_compute(tree, format, want->alg, &id, NULL, err);

	if (r < 0 || !cfs_digest_equal(&id, want))
		return r;
	r = cfs_image_store(store, tree, format, &id, err);
	if (r == 0)
		r = cfs_image_commit(store, &id, err);
	return r < 0 ? r : 1;
}

static int try_filter(struct cfs_store *store,
		      const struct cfs_oci_image *image,
		      const struct cfs_oci_tree_options *options,
		      const struct cfs_digest *want, struct cfs_oci_erofs *ret,
		      struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = cfs_oci_image_tree(&store->repo, image, options, &tree, err);

	if (r == 0)
		r = cfs_oci_tree_boot(&store->repo, tree, err);
	for (unsigned f = 0; r == 0 && f <= CFS_META_FORMAT_MAX; f++) {
		*ret = (struct cfs_oci_erofs){ .bootable = true,
					       .v1 = f < 2,
					       .filter = options->filter };
		r = try_format(store, tree, f, want, err);
	}
	return r;
}

int cfs_oci_expect(struct cfs_store *store, struct cfs_oci_image *image,
		   const struct cfs_oci_tree_options *options,
		   const struct cfs_digest *want, struct cfs_oci_erofs *ret,
		   struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (find_made(image, want, ret))
		return 0;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(filters); i++) {
		struct cfs_oci_tree_options as = *options;
		int r;

		as.filter = filters[i];
		r = try_filter(store, image, &as, want, ret, err);
		if (r != 0)
			return r < 0 ? r : refer(store, image, ret, want, err);
	}
	cfs_digest_to_hex(want, hex);
	return cfs_fail(err, EKEYREJECTED,
			"No boot image configuration matched expected digest "
			"%s (tried %zu mode/version combinations): the image "
			"is another one, or was made in another way",
			hex,
			CFS_ARRAY_SIZE(filters) * (CFS_META_FORMAT_MAX + 1));
}
