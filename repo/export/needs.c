/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/needs.h"

#include "erofs/reader.h"
#include "repo/export/format.h"
#include "repo/node_content.h"

void cfs_export_needs_free(struct cfs_export_needs *needs)
{
	cfs_vec_free(needs);
}

static int compare(const void *a, const void *b)
{
	const struct cfs_export_need *x = a, *y = b;

	return memcmp(x->id.bytes, y->id.bytes, CFS_DIGEST_MAX);
}

/* Sorts them, and keeps each object once. */
static int arrange(struct cfs_export_needs *needs, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	size_t n = 0;
	int r = cfs_vec_check(needs, err);

	if (r < 0 || needs->n == 0)
		return r;
	qsort(needs->v, needs->n, sizeof(*needs->v), compare);
	for (size_t i = 1; i < needs->n; i++) {
		if (compare(&needs->v[n], &needs->v[i]) != 0) {
			needs->v[++n] = needs->v[i];
			continue;
		}
		if (needs->v[n].size == needs->v[i].size)
			continue;
		cfs_digest_to_hex(&needs->v[n].id, hex);
		return cfs_fail(err, EBADMSG,
				"image: two files of %llu and %llu bytes have "
				"the same object %s",
				(unsigned long long)needs->v[n].size,
				(unsigned long long)needs->v[i].size, hex);
	}
	needs->n = n + 1;
	if (needs->n > CFS_EXPORT_OBJECTS_MAX)
		return cfs_fail(err, E2BIG,
				"image: %zu objects; the maximum is %u",
				needs->n, CFS_EXPORT_OBJECTS_MAX);
	return 0;
}

int cfs_export_needs_read(struct cfs_bytes image, enum cfs_alg alg,
			  struct cfs_export_needs *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };
	char name[CFS_NODE_NAME_MAX];
	int r = cfs_erofs_read(image, 0, &tree, NULL, err);

	for (struct cfs_node *n = r < 0 ? NULL : tree->root; n && r >= 0;
	     n = cfs_node_walk(tree->root, n)) {
		struct cfs_export_need need = { .size = n->size };

		if (!cfs_node_is_external(n))
			continue;
		r = cfs_node_object(tree, n, alg, &need.id, err);
		if (r > 0)
			(void)cfs_vec_add(&needs, need);
		else if (r < 0)
			cfs_ctx(err, "image: %s", cfs_node_name(n, name));
	}
	if (r >= 0)
		r = arrange(&needs, err);
	if (r == 0)
		cfs_vec_move(ret, &needs);
	return r;
}

int cfs_export_needs_merge(struct cfs_export_needs *needs,
			   const struct cfs_export_needs *more,
			   struct cfs_err *err)
{
	if (!cfs_vec_reserve(needs, more->n))
		return cfs_no_memory(err);
	for (size_t i = 0; i < more->n; i++)
		(void)cfs_vec_add(needs, more->v[i]);
	return arrange(needs, err);
}
