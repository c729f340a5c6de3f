/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/etc_side.h"

#include <string.h>

#include "ops/boot_copy.h"

/* Source: linux fs/overlayfs/overlayfs.h. */
#define OVERLAY	 "trusted.overlay."
#define ESCAPED	 OVERLAY "overlay." /* of an overlay inside this one */
#define OPAQUE	 OVERLAY "opaque"
#define REDIRECT OVERLAY "redirect"
#define METACOPY OVERLAY "metacopy"

struct cfs_etc_side cfs_etc_image_side(struct cfs_tree *tree,
				       struct cfs_node *node)
{
	struct cfs_node *inode = node ? cfs_node_inode(node) : NULL;

	return (struct cfs_etc_side){ .meta = inode,
				      .data = inode,
				      .tree = tree };
}

bool cfs_etc_is_overlay(const char *key)
{
	return strncmp(key, OVERLAY, strlen(OVERLAY)) == 0 &&
	       strncmp(key, ESCAPED, strlen(ESCAPED)) != 0;
}

static int lacks(const struct cfs_node *upper, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];

	return cfs_fail(err, EINVAL,
			"etc/upper%s refers to a file or directory that the "
			"old image does not have",
			cfs_node_name(upper, name));
}

/* A node of a layer, and what is below it. */
struct layer {
	const struct cfs_etc_merge *merge;
	struct cfs_node *upper;
	struct cfs_node *low;	 /* what has its name; or NULL */
	struct cfs_node *beside; /* the directory that low is in; or NULL */
};

/* Goes from *@at by the path @rest; *@at is NULL if there is nothing. */
static int follow(struct cfs_tree *tree, struct cfs_bytes rest,
		  struct cfs_node **at, struct cfs_err *err)
{
	while (*at && rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '/', rest.len);
		struct cfs_bytes name = rest;
		int r = 0;

		name.len = end ? (size_t)(end - rest.data) : rest.len;
		rest.data += name.len + (end != NULL);
		rest.len -= name.len + (end != NULL);
		if (name.len == 0)
			continue;
		if (cfs_node_is_dir(*at))
			r = cfs_node_find(tree, *at, name, at, err);
		if (r <= 0)
			*at = NULL;
		if (r < 0)
			return r;
	}
	return 0;
}

/* What overlayfs has below the node: what it was renamed from, which a path
 * says from the root of /etc or a name in the same directory. */
static int find_low(const struct layer *l, struct cfs_node **ret,
		    struct cfs_err *err)
{
	const struct cfs_xattr *x =
		cfs_xattrs_get(cfs_node_inode(l->upper)->xattrs, REDIRECT);
	int r;

	*ret = l->low;
	if (!x)
		return 0;
	*ret = x->value_len > 0 && x->value[0] == '/' ? l->merge->old_etc
						      : l->beside;
	r = follow(l->merge->old_tree,
		   (struct cfs_bytes){ x->value, x->value_len }, ret, err);
	if (r < 0)
		return r;
	return *ret ? 0 : lacks(l->upper, err);
}

static int layer_dir(const struct layer *l, struct cfs_etc_side *side,
		     struct cfs_err *err)
{
	const struct cfs_xattr *opaque =
		cfs_xattrs_get(l->upper->xattrs, OPAQUE);
	int r;

	/* An opaque directory hides what is below it. */
	if (opaque && opaque->value_len > 0 && opaque->value[0] == 'y')
		return 0;
	r = find_low(l, &side->low, err);
	if (side->low && !cfs_node_is_dir(side->low))
		side->low = NULL;
	return r;
}

/* A file in which only attributes were changed has its content below it. */
static int layer_file(const struct layer *l, struct cfs_etc_side *side,
		      struct cfs_err *err)
{
	struct cfs_node *low;
	int r;

	if (!cfs_xattrs_get(side->meta->xattrs, METACOPY))
		return 0;
	r = find_low(l, &low, err);
	if (r < 0)
		return r;
	if (!low || !S_ISREG(low->mode))
		return lacks(l->upper, err);
	side->data = cfs_node_inode(low);
	side->tree = l->merge->old_tree;
	return 0;
}

static int layer_side(const struct layer *l, struct cfs_etc_side *side,
		      struct cfs_err *err)
{
	int r = 0;

	/* The layer has nothing of this name: what the old image has shows. */
	if (!l->upper) {
		*side = cfs_etc_image_side(l->merge->old_tree, l->low);
		if (l->low && cfs_node_is_dir(l->low))
			side->low = l->low;
		return 0;
	}
	if (cfs_node_is_whiteout(cfs_node_inode(l->upper)))
		return 0;
	*side = cfs_etc_image_side(l->merge->users_tree, l->upper);
	side->upper = l->upper;
	if (S_ISDIR(l->upper->mode))
		r = layer_dir(l, side, err);
	else if (S_ISREG(l->upper->mode))
		r = layer_file(l, side, err);
	return r;
}

int cfs_etc_users_side(const struct cfs_etc_merge *merge,
		       struct cfs_node *upper, struct cfs_node *low,
		       struct cfs_node *beside, struct cfs_etc_side *ret,
		       struct cfs_err *err)
{
	const struct layer layer = { merge, upper, low, beside };
	struct cfs_etc_side side = { 0 };
	int r = 0;

	if (merge->layout == CFS_ETC_LAYER) {
		r = layer_side(&layer, &side, err);
	} else if (upper) {
		side = cfs_etc_image_side(merge->users_tree, upper);
		side.upper = upper;
	}
	if (r == 0)
		*ret = side;
	return r;
}

static bool counts(const struct cfs_xattr *x)
{
	return !cfs_etc_is_overlay(x->key) &&
	       strcmp(x->key, "security.selinux") != 0;
}

/* The next attribute of @list from *@i on that counts, or NULL. */
static const struct cfs_xattr *next_xattr(const struct cfs_xattrs *list,
					  uint32_t *i)
{
	while (list && *i < list->n) {
		const struct cfs_xattr *x = list->v[(*i)++];

		if (counts(x))
			return x;
	}
	return NULL;
}

static bool same_xattrs(const struct cfs_node *a, const struct cfs_node *b)
{
	uint32_t i = 0, k = 0;

	for (;;) {
		const struct cfs_xattr *x = next_xattr(a->xattrs, &i);
		const struct cfs_xattr *y = next_xattr(b->xattrs, &k);

		if (!x || !y)
			return x == y;
		if (strcmp(x->key, y->key) != 0 ||
		    x->value_len != y->value_len ||
		    (x->value_len > 0 &&
		     memcmp(x->value, y->value, x->value_len) != 0))
			return false;
	}
}

static bool same_meta(const struct cfs_node *a, const struct cfs_node *b)
{
	/* The mode of a link cannot be changed. */
	uint32_t mask = S_ISLNK(a->mode) ? S_IFMT : S_IFMT | 07777;

	return (a->mode & mask) == (b->mode & mask) && a->uid == b->uid &&
	       a->gid == b->gid && same_xattrs(a, b);
}

static int same_content(const struct cfs_etc_side *a,
			const struct cfs_etc_side *b, struct cfs_err *err)
{
	enum cfs_alg alg = a->tree->alg ? a->tree->alg : b->tree->alg;
	struct cfs_digest x, y;
	int r;

	if (a->data->size != b->data->size)
		return 0;
	if (a->data->size == 0)
		return 1;
	/* Without an algorithm, no content is outside of the trees. */
	if (S_ISLNK(a->data->mode) || !alg)
		return memcmp(a->data->file.data, b->data->file.data,
			      (size_t)a->data->size) == 0;
	r = cfs_boot_digest(a->tree, a->data, alg, &x, err);
	if (r == 0)
		r = cfs_boot_digest(b->tree, b->data, alg, &y, err);
	return r < 0 ? r : cfs_digest_equal(&x, &y);
}

int cfs_etc_same(const struct cfs_etc_side *a, const struct cfs_etc_side *b,
		 struct cfs_err *err)
{
	if (!a->meta || !b->meta)
		return !a->meta && !b->meta;
	if (!same_meta(a->meta, b->meta))
		return 0;
	if (S_ISREG(a->meta->mode) || S_ISLNK(a->meta->mode))
		return same_content(a, b, err);
	if (S_ISCHR(a->meta->mode) || S_ISBLK(a->meta->mode))
		return a->meta->rdev == b->meta->rdev;
	return 1;
}

int cfs_etc_too_deep(const struct cfs_node *node, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];

	return cfs_fail(err, ELOOP,
			"%s: more than %d directories below one another in "
			"/etc",
			cfs_node_name(node, name), CFS_ETC_DEPTH_MAX);
}

int cfs_etc_differ(const struct cfs_etc_side *a, const struct cfs_etc_side *b,
		   unsigned depth, struct cfs_err *err)
{
	struct cfs_node *x, *y;
	int r = cfs_etc_same(a, b, err);

	if (r <= 0 || !cfs_etc_side_is_dir(a))
		return r < 0 ? r : !r;
	if (depth == 0)
		return cfs_etc_too_deep(a->meta, err);
	x = a->meta->dir.first;
	y = b->meta->dir.first;
	/* In both, names are in order. */
	for (r = 0; r == 0 && x && y; x = x->next, y = y->next) {
		const struct cfs_etc_side p = cfs_etc_image_side(a->tree, x);
		const struct cfs_etc_side q = cfs_etc_image_side(b->tree, y);

		r = strcmp(x->name, y->name) != 0
			    ? 1
			    : cfs_etc_differ(&p, &q, depth - 1, err);
	}
	return r != 0 ? r : x || y;
}
