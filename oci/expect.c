/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Looks for the way of making an image to boot that gives a known digest. */
#include "oci/pull.h"
#include "repo/image_store.h"
#include "repo/meta_formats.h"
#include "repo/ref.h"

static const enum cfs_xattr_filter filters[] = {
	CFS_XATTRS_ALLOWLIST,
	CFS_XATTRS_KEEP_USER,
};

/* Ways in all: filters, formats, rules for nanoseconds. */
_Static_assert(CFS_OCI_WAYS ==
		       CFS_ARRAY_SIZE(filters) * (CFS_META_FORMAT_MAX + 1) * 2,
	       "every way is counted");

struct search {
	struct cfs_store *store;
	const struct cfs_digest *want;
	struct cfs_oci_way *way; /* that is tried */
};

/* Is it one of the images that @image has already? */
static bool find_made(const struct cfs_oci_image *image,
		      const struct cfs_digest *want, struct cfs_oci_way *ret)
{
	for (size_t i = 0; i < image->erofs.n; i++) {
		struct cfs_oci_erofs erofs;

		if (!cfs_oci_erofs_is(image->erofs.v[i].name, &erofs) ||
		    !erofs.bootable ||
		    !cfs_digest_equal(&image->erofs.v[i].id, want))
			continue;
		*ret = (struct cfs_oci_way){ .erofs = erofs,
					     .format = erofs.v1 ? 1 : 2 };
		return true;
	}
	return false;
}

/* Returns 1 with the image in the repository, or 0 when it is not the one. */
static int try_format(const struct search *s, const struct cfs_tree *tree,
		      unsigned format, struct cfs_err *err)
{
	struct cfs_digest id;
	int r = cfs_image_compute(tree, format, s->want->alg, &id, NULL, err);

	if (r < 0 || !cfs_digest_equal(&id, s->want))
		return r;
	s->way->format = format;
	s->way->erofs.v1 = format < 2;
	r = cfs_image_store(s->store, tree, format, &id, err);
	if (r == 0)
		r = cfs_image_commit(s->store, &id, err);
	return r < 0 ? r : 1;
}

static int try_formats(const struct search *s, const struct cfs_tree *tree,
		       struct cfs_err *err)
{
	int r = 0;

	for (unsigned f = 0; r == 0 && f <= CFS_META_FORMAT_MAX; f++)
		r = try_format(s, tree, f, err);
	return r;
}

/* The directories whose times the transform sets. */
static struct cfs_node *emptied(const struct cfs_tree *tree, size_t n)
{
	static const char *const names[] = { "boot", "sysroot" };

	return cfs_node_child(tree->root, names[n]);
}

static int try_rules(const struct search *s, struct cfs_tree *tree,
		     struct cfs_err *err)
{
	uint32_t own[2] = { 0 };
	int r;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(own); i++)
		if (emptied(tree, i))
			own[i] = emptied(tree, i)->mtime_nsec;
	r = cfs_oci_tree_boot(&s->store->repo, tree, err);
	if (r == 0)
		r = try_formats(s, tree, err);
	if (r != 0)
		return r;
	/* The rule up to composefs-rs 0.9.0. */
	for (size_t i = 0; i < CFS_ARRAY_SIZE(own); i++)
		emptied(tree, i)->mtime_nsec = own[i];
	s->way->own_nanoseconds = true;
	return try_formats(s, tree, err);
}

static int try_filter(const struct search *s, const struct cfs_oci_image *image,
		      const struct cfs_oci_tree_options *options,
		      struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = cfs_oci_image_tree(&s->store->repo, image, options, &tree, err);

	*s->way = (struct cfs_oci_way){
		.erofs = { .bootable = true, .filter = options->filter }
	};
	return r < 0 ? r : try_rules(s, tree, err);
}

static int try_plain(const struct search *s, const struct cfs_oci_image *image,
		     const struct cfs_oci_tree_options *options,
		     struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = cfs_oci_image_tree(&s->store->repo, image, options, &tree, err);

	return r < 0 ? r : try_formats(s, tree, err);
}

int cfs_oci_remake(struct cfs_store *store, const struct cfs_oci_image *image,
		   const struct cfs_oci_erofs *erofs,
		   const struct cfs_digest *want, struct cfs_err *err)
{
	struct cfs_oci_way way = { 0 };
	const struct search s = { store, want, &way };
	int r = 0;

	for (int parents = 0; r == 0 && parents < 2; parents++) {
		const struct cfs_oci_tree_options options = {
			.create_parents = parents,
			.filter = erofs->filter,
			.one_layer = erofs->one_layer,
			.layer = erofs->layer,
		};

		r = erofs->bootable ? try_filter(&s, image, &options, err)
				    : try_plain(&s, image, &options, err);
		/* A directory that no layer describes has to be made. */
		if (r == -ENOENT && !parents)
			r = 0;
	}
	return r;
}

static int none(const struct cfs_digest *want, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(want, hex);
	return cfs_fail(err, EKEYREJECTED,
			"No boot image configuration matched expected digest "
			"%s (tried %u mode/version combinations): the image "
			"is another one, or was made in another way",
			hex, CFS_OCI_WAYS);
}

int cfs_oci_expect(struct cfs_store *store, struct cfs_oci_image *image,
		   const struct cfs_oci_tree_options *options,
		   const struct cfs_digest *want, struct cfs_oci_way *ret,
		   struct cfs_err *err)
{
	const struct search s = { store, want, ret };
	int r = 0;

	if (find_made(image, want, ret))
		return 0;
	for (size_t i = 0; r == 0 && i < CFS_ARRAY_SIZE(filters); i++) {
		struct cfs_oci_tree_options as = *options;

		as.filter = filters[i];
		r = try_filter(&s, image, &as, err);
	}
	if (r <= 0)
		return r < 0 ? r : none(want, err);
	r = cfs_oci_image_set_erofs(image, &ret->erofs, want, err);
	return r < 0 ? r : cfs_oci_image_write(store, image, err);
}
