/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/digest_set.h"

#include <string.h>

void cfs_digest_set_free(struct cfs_digest_set *set)
{
	cfs_vec_free(set);
	set->unsorted = false;
}

static int compare(const void *a, const void *b)
{
	const struct cfs_digest *x = a, *y = b;

	if (x->alg != y->alg)
		return x->alg < y->alg ? -1 : 1;
	return memcmp(x->bytes, y->bytes, cfs_alg_size(x->alg));
}

int cfs_digest_set_add(struct cfs_digest_set *set, const struct cfs_digest *id,
		       struct cfs_err *err)
{
	if (!cfs_vec_add(set, *id))
		return cfs_no_memory(err);
	/* Sorted when something is looked for: users add everything first. */
	set->unsorted = true;
	return 0;
}

void cfs_digest_set_sort(struct cfs_digest_set *set)
{
	size_t kept = 0;

	if (!set->unsorted)
		return;
	qsort(set->v, set->n, sizeof(*set->v), compare);
	for (size_t i = 0; i < set->n; i++)
		if (kept == 0 ||
		    !cfs_digest_equal(&set->v[i], &set->v[kept - 1]))
			set->v[kept++] = set->v[i];
	set->n = kept;
	set->unsorted = false;
}

ssize_t cfs_digest_set_find(struct cfs_digest_set *set,
			    const struct cfs_digest *id)
{
	const struct cfs_digest *found;

	cfs_digest_set_sort(set);
	if (set->n == 0)
		return -1;
	found = bsearch(id, set->v, set->n, sizeof(*set->v), compare);
	return found ? found - set->v : -1;
}

bool cfs_digest_set_has(struct cfs_digest_set *set, const struct cfs_digest *id)
{
	return cfs_digest_set_find(set, id) >= 0;
}
