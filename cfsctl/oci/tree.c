/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/oci.h"

unsigned cmd_oci_formats(const struct cfs_globals *g,
			 const struct cfs_meta *meta)
{
	if (g->erofs_version >= 0)
		return 1u << g->erofs_version;
	return 1u << meta->erofs_default | meta->erofs_extra;
}

int cmd_oci_tree(const struct cfs_globals *g, const char *name,
		 const struct cfs_oci_tree_choice *choice,
		 enum cfs_alg *ret_alg, unsigned *ret_format,
		 struct cfs_tree **ret, struct cfs_err *err)
{
	const struct cfs_oci_tree_options options = {
		.create_parents = choice->create_parents,
		.filter = choice->filter,
	};
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cmd_open_repo(g, &repo, err);

	if (r == 0)
		r = cfs_oci_image_find(&repo, name, &image, err);
	if (r >= 0)
		r = cfs_oci_image_tree(&repo, &image, &options, &tree, err);
	if (r == 0 && choice->bootable)
		r = cfs_oci_tree_boot(&repo, tree, err);
	if (r < 0)
		return r;
	*ret_alg = repo.meta.alg;
	*ret_format = g->erofs_version >= 0 ? (unsigned)g->erofs_version
					    : repo.meta.erofs_default;
	*ret = cfs_steal_ptr(&tree);
	return 0;
}
