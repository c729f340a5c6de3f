/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The order of the shared xattrs, and their places in the table. */
#include <string.h>

#include "erofs/write_attrs.h"

static int compare_bytes(struct cfs_bytes a, struct cfs_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int r = len > 0 ? memcmp(a.data, b.data, len) : 0;

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

/* The order of mkcomposefs' versions: the last key first; for one key, the
 * longest value first. */
static int descending(const struct cfs_erofs_shared *a,
		      const struct cfs_erofs_shared *b)
{
	int r = a->pair == b->pair ? 0 : strcmp(b->pair->key, a->pair->key);

	if (r)
		return r;
	if (a->value.len != b->value.len)
		return a->value.len < b->value.len ? 1 : -1;
	return compare_bytes(b->value, a->value);
}

/* The order with rules->shared_ascending: by the number of the prefix, the rest
 * of the key, the value. */
static int ascending(const struct cfs_erofs_shared *a,
		     const struct cfs_erofs_shared *b)
{
	int r;

	if (a->pair == b->pair)
		return compare_bytes(a->value, b->value);
	if (a->pair->index != b->pair->index)
		return a->pair->index - b->pair->index;
	r = strcmp(a->pair->key + a->pair->prefix_len,
		   b->pair->key + b->pair->prefix_len);
	return r ? r : compare_bytes(a->value, b->value);
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct cfs_erofs_plan *plan = ctx;
	const struct cfs_erofs_shared *shared = plan->shared.v;
	const uint32_t *x = a, *y = b;

	return !plan->rules->shared_ascending
		       ? descending(&shared[*x], &shared[*y])
		       : ascending(&shared[*x], &shared[*y]);
}

int cfs_erofs_place_shared(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	size_t n = plan->shared.n;

	if (cfs_vec_check(&plan->shared, err) < 0)
		return -err->code;
	if (n == 0)
		return 0;
	plan->shared_order = malloc(n * sizeof(plan->shared_order[0]));
	if (!plan->shared_order)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++)
		plan->shared_order[i] = (uint32_t)i;
	qsort_r(plan->shared_order, n, sizeof(plan->shared_order[0]), compare,
		plan);
	for (size_t i = 0; i < n; i++) {
		struct cfs_erofs_shared *s =
			&plan->shared.v[plan->shared_order[i]];

		s->offset = plan->shared_size;
		plan->shared_size +=
			cfs_erofs_entry_size(s->pair, s->value.len);
	}
	return 0;
}
