/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/good.h"

void cfs_good_free(struct cfs_good *good)
{
	cfs_ids_free(&good->ids);
	cfs_vec_free(&good->sizes);
}

int cfs_good_add(struct cfs_good *good, const struct cfs_digest *id,
		 uint64_t size, struct cfs_err *err)
{
	size_t n, at;
	int r;

	if (!good->ids.slots)
		good->ids.alg = id->alg;
	n = cfs_ids_count(&good->ids);
	if (n >= CFS_GOOD_MAX || id->alg != good->ids.alg)
		return 0;
	r = cfs_ids_index(&good->ids, id->bytes, CFS_GOOD_MAX, &at, err);
	if (r < 0 || at < n)
		return r;
	return cfs_vec_add(&good->sizes, size) ? 0 : cfs_no_memory(err);
}

bool cfs_good_size(const struct cfs_good *good, const struct cfs_digest *id,
		   uint64_t *ret)
{
	size_t at;

	if (!good->ids.slots || id->alg != good->ids.alg ||
	    !cfs_ids_find(&good->ids, id->bytes, &at))
		return false;
	*ret = good->sizes.v[at];
	return true;
}
