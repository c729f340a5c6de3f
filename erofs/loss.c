/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/loss.h"

#include <string.h>

#include "erofs/rules.h"

/* The marks of a whiteout, and those of a directory that contains one, of which
 * version 0 has only the first two. */
static const char *const of_whiteout[] = { "trusted.overlay.whiteout",
					   "user.overlay.whiteout" };
static const char *const of_directory[] = { "trusted.overlay.whiteouts",
					    "user.overlay.whiteouts",
					    "trusted.overlay.opaque",
					    "user.overlay.opaque" };

/* Returns whether overlayfs takes @dir for opaque.
 * Source: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
 * directories": "y" makes a directory opaque, "x" says that it contains
 * whiteouts with marks. */
static bool is_opaque(const struct cfs_node *dir)
{
	for (size_t i = 2; i < CFS_ARRAY_SIZE(of_directory); i++) {
		const struct cfs_xattr *x =
			cfs_xattrs_get(dir->xattrs, of_directory[i]);

		if (x && x->value_len == 1 && x->value[0] == 'y')
			return true;
	}
	return false;
}

void cfs_erofs_find_loss(const struct cfs_tree *tree, unsigned version,
			 struct cfs_erofs_loss *ret)
{
	struct cfs_node *n = tree->has_whiteout ? tree->root : NULL;
	bool obeyed = cfs_erofs_rules[version].marks_opaque;

	*ret = (struct cfs_erofs_loss){ 0 };
	for (; n; n = cfs_node_walk(tree->root, n)) {
		if (!obeyed && cfs_node_is_whiteout(n)) {
			ret->whiteout = ret->whiteout ? ret->whiteout : n;
			ret->whiteouts++;
		}
		if (obeyed && cfs_node_holds_whiteout(n) && is_opaque(n)) {
			ret->opaque_dir = ret->opaque_dir ? ret->opaque_dir : n;
			ret->opaque++;
		}
	}
}

static bool is_among(const char *key, const char *const *keys, size_t n)
{
	while (n > 0 && strcmp(key, keys[n - 1]) != 0)
		n--;
	return n > 0;
}

/* Removes the xattrs @keys from @node.  Returns 1 if it had one, else 0. */
static int drop(struct cfs_tree *tree, struct cfs_node *node,
		const char *const *keys, size_t n, struct cfs_err *err)
{
	const struct cfs_xattrs *list = node->xattrs;
	CFS_AUTOBUF struct cfs_buf kept = { 0 };
	size_t count;

	for (size_t i = 0; list && i < list->n; i++) {
		if (!is_among(list->v[i]->key, keys, n))
			cfs_buf_add(&kept, &list->v[i], sizeof(list->v[i]));
	}
	if (cfs_buf_check(&kept, err) < 0)
		return -err->code;
	count = kept.len / sizeof(list->v[0]);
	if (!list || count == list->n)
		return 0;
	if (cfs_xattrs_add(&tree->xattrs, (const struct cfs_xattr **)kept.data,
			   count, &node->xattrs, err) < 0)
		return -err->code;
	return 1;
}

int cfs_erofs_drop_lost(struct cfs_tree *tree, unsigned version, uint64_t *ret,
			struct cfs_err *err)
{
	const struct cfs_erofs_rules *rules = &cfs_erofs_rules[version];
	uint64_t dropped = 0;

	for (struct cfs_node *n = rules->escapes_whiteouts ? tree->root : NULL;
	     n; n = cfs_node_walk(tree->root, n)) {
		int r = 0;

		if (cfs_node_is_whiteout(n))
			r = drop(tree, n, of_whiteout,
				 CFS_ARRAY_SIZE(of_whiteout), err);
		else if (cfs_node_holds_whiteout(n))
			r = drop(tree, n, of_directory,
				 rules->marks_opaque
					 ? CFS_ARRAY_SIZE(of_directory)
					 : 2,
				 err);
		if (r < 0)
			return r;
		dropped += (uint64_t)r;
	}
	*ret = dropped;
	return 0;
}
