/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The tree of an OCI image, and the EROFS images of it.
 */
#ifndef CFS_OCI_TREE_H
#define CFS_OCI_TREE_H

#include "oci/image.h"
#include "tree/node.h"
#include "tree/transform.h"

struct cfs_oci_tree_options {
	bool create_parents; /* see tree/tar/merge.h */
	bool as_is;	     /* no transform: as the layers have it */
	bool bootable;	     /* the one to boot: cfs_oci_tree_boot() */
	/* The tree of the layer number @layer alone, from 0, upon an empty
	 * root, whose metadata are 0 until an entry sets them; not transformed.
	 * Whiteouts leave nothing. */
	bool one_layer;
	size_t layer;
	enum cfs_xattr_filter filter;
	/* NULL, or set to whether the kernel vouched for the stream of each
	 * layer while it was read. */
	bool *ret_measured;
};

/*
 * Merges the layers of @image, a container, and transforms the tree as
 * cfs_transform_oci() does; then, if a label of the configuration wants it,
 * cfs_oci_tree_programs().
 * Errors: those of the layers, worded with the number of the layer and its
 * digest; -ENOENT no /usr; ...
 */
int cfs_oci_image_tree(const struct cfs_repo *repo,
		       const struct cfs_oci_image *image,
		       const struct cfs_oci_tree_options *options,
		       struct cfs_tree **ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A run of layers, from number @first to before number @end. */
struct cfs_oci_layer_range {
	size_t first, end;
};

/* The layers of @image that the tree of @options is made of.
 * Errors: -EINVAL it is no container image, -ENOENT it has no such layer. */
int cfs_oci_tree_layers(const struct cfs_oci_image *image,
			const struct cfs_oci_tree_options *options,
			struct cfs_oci_layer_range *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes objects of small executables (tree/small_objects.h) if @image has the
 * label CFS_OCI_IPE_LABEL and the tree of @options is a transformed one. */
int cfs_oci_tree_programs(const struct cfs_oci_image *image,
			  const struct cfs_oci_tree_options *options,
			  struct cfs_tree *tree, enum cfs_alg alg,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes that tree, after cfs_transform_oci(), the one to boot: see
 * cfs_transform_boot(); its SELinux policy is read from objects of @repo. */
int cfs_oci_tree_boot(const struct cfs_repo *repo, struct cfs_tree *tree,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
