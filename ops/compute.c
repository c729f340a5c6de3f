/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/compute.h"

#include "repo/image_store.h"

int cfs_compute_image(const struct cfs_compute *params,
		      struct cfs_tree **ret_tree, struct cfs_digest *ret,
		      struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = cfs_tree_source_hash(params->source, params->alg, params->watch,
				     params->notes, &tree, err);

	if (r < 0)
		return r;
	cfs_note_losses(tree, params->format, params->notes);
	r = cfs_image_compute(tree, params->format, params->alg, ret, NULL,
			      err);
	if (r == 0 && ret_tree)
		*ret_tree = cfs_steal_ptr(&tree);
	return r;
}
