/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The xattrs of an inode, as they stand on disk. */
#include <string.h>

#include "erofs/plan.h"

static size_t metacopy_len(const struct cfs_erofs_plan *plan,
			   const struct cfs_node *node)
{
	return node->file.digest ? 4 + cfs_alg_size(plan->tree->alg) : 0;
}

static size_t redirect_len(const struct cfs_erofs_plan *plan,
			   const struct cfs_node *node)
{
	if (cfs_erofs_by_digest(plan, node)) /* "/xx/" and the other digits */
		return 2 + 2 * cfs_alg_size(plan->tree->alg);
	return node->file.data ? 1 + strlen(node->file.data) : 0;
}

static void make_metacopy(struct cfs_erofs_plan *plan,
			  const struct cfs_node *node, size_t len)
{
	struct cfs_erofs_metacopy metacopy = {
		.len = (uint8_t)len,
		.digest_algo = (uint8_t)plan->tree->alg,
	};

	if (len == 0)
		return;
	memcpy(metacopy.digest, node->file.digest, len - 4);
	memcpy(plan->metacopy_value, &metacopy, len);
}

static void make_redirect(struct cfs_erofs_plan *plan,
			  const struct cfs_node *node)
{
	struct cfs_digest digest;

	plan->redirect_value[0] = '/';
	if (cfs_erofs_by_digest(plan, node)) {
		(void)cfs_node_digest(plan->tree, node, &digest);
		cfs_digest_to_path(&digest, plan->redirect_value + 1);
	} else if (node->file.data) {
		memcpy(plan->redirect_value + 1, node->file.data,
		       strlen(node->file.data));
	}
}

static inline void push(struct cfs_erofs_plan *plan, struct cfs_erofs_attr attr)
{
	struct cfs_buf *attrs = &plan->attrs;

	if (attrs->cap - attrs->len < sizeof(attr) &&
	    !cfs_buf_reserve(attrs, sizeof(attr)))
		return;
	memcpy(attrs->data + attrs->len, &attr, sizeof(attr));
	attrs->len += sizeof(attr);
}

static void push_metacopy(struct cfs_erofs_plan *plan,
			  const struct cfs_erofs_inode *inode, bool values)
{
	size_t len = metacopy_len(plan, inode->node);

	if (values)
		make_metacopy(plan, inode->node, len);
	push(plan,
	     (struct cfs_erofs_attr){
		     .pair = &plan->metacopy,
		     .value = { values ? plan->metacopy_value : NULL, len },
		     .shared = inode->metacopy });
}

static void push_redirect(struct cfs_erofs_plan *plan,
			  const struct cfs_erofs_inode *inode, bool values)
{
	size_t len = redirect_len(plan, inode->node);

	if (len == 0)
		return;
	if (values)
		make_redirect(plan, inode->node);
	push(plan,
	     (struct cfs_erofs_attr){
		     .pair = &plan->redirect,
		     .value = { values ? (const uint8_t *)plan->redirect_value
				       : NULL,
				len },
		     .shared = inode->redirect });
}

static void push_pair(struct cfs_erofs_plan *plan, size_t id)
{
	const struct cfs_erofs_pair *pair = &plan->pairs[id];

	push(plan, (struct cfs_erofs_attr){ pair, pair->value, pair->shared });
}

/* Keys keep their order when they are escaped: all that are, are next to each
 * other.  Only overlay's own have to be put in between. */
static void list_external(struct cfs_erofs_plan *plan,
			  const struct cfs_erofs_inode *inode, bool values)
{
	const struct cfs_xattrs *list = inode->node->xattrs;
	bool first = plan->version == 2;
	size_t i = 0, n = list ? list->n : 0;

	for (; !first && i < n; i++) {
		if (!plan->pairs[list->v[i]->id].before_metacopy)
			break;
		push_pair(plan, list->v[i]->id);
	}
	push_metacopy(plan, inode, values);
	for (; !first && i < n; i++) {
		if (!plan->pairs[list->v[i]->id].before_redirect)
			break;
		push_pair(plan, list->v[i]->id);
	}
	push_redirect(plan, inode, values);
	for (; i < n; i++)
		push_pair(plan, list->v[i]->id);
}

static int by_key(const void *a, const void *b)
{
	const struct cfs_erofs_attr *x = a, *y = b;

	return strcmp(x->pair->key, y->pair->key);
}

/* The marks of @inode, in @ret; returns how many. */
static size_t marks_of(const struct cfs_erofs_plan *plan,
		       const struct cfs_erofs_inode *inode,
		       uint32_t ret[static CFS_EROFS_MARKS])
{
	size_t n = 0;

	if (inode->flags & CFS_EROFS_I_WHITEOUT) {
		ret[n++] = plan->marks[CFS_EROFS_MARK_WHITEOUT];
		ret[n++] = plan->marks[CFS_EROFS_MARK_USER_WHITEOUT];
	}
	if (inode->flags & CFS_EROFS_I_MARKED) {
		ret[n++] = plan->marks[CFS_EROFS_MARK_WHITEOUTS];
		ret[n++] = plan->marks[CFS_EROFS_MARK_USER_WHITEOUTS];
	}
	if (inode->flags & CFS_EROFS_I_MARKED && plan->version >= 1) {
		ret[n++] = plan->marks[CFS_EROFS_MARK_OPAQUE];
		ret[n++] = plan->marks[CFS_EROFS_MARK_USER_OPAQUE];
	}
	if (inode->flags & CFS_EROFS_I_OPAQUE)
		ret[n++] = plan->marks[CFS_EROFS_MARK_ROOT];
	return n;
}

static bool is_marked(const struct cfs_erofs_plan *plan, const char *key,
		      const uint32_t *marks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(plan->pairs[marks[i]].key, key) == 0)
			return true;
	}
	return false;
}

/* A mark takes the place of an attribute of its name. */
static void list_marked(struct cfs_erofs_plan *plan,
			const struct cfs_erofs_inode *inode)
{
	const struct cfs_xattrs *list = inode->node->xattrs;
	uint32_t marks[CFS_EROFS_MARKS];
	size_t n = marks_of(plan, inode, marks);

	for (size_t i = 0; list && i < list->n; i++) {
		size_t id = list->v[i]->id;

		if (!is_marked(plan, plan->pairs[id].key, marks, n))
			push_pair(plan, id);
	}
	for (size_t i = 0; i < n; i++)
		push_pair(plan, marks[i]);
	if (!plan->attrs.failed)
		qsort(plan->attrs.data,
		      plan->attrs.len / sizeof(struct cfs_erofs_attr),
		      sizeof(struct cfs_erofs_attr), by_key);
}

/* What is beyond the inode's room for references stands in the inode. */
static int limit_shared(const struct cfs_erofs_plan *plan,
			struct cfs_erofs_attr *attrs, size_t n,
			struct cfs_err *err)
{
	size_t shared = 0;

	for (size_t i = 0; i < n; i++) {
		if (!attrs[i].shared)
			continue;
		shared++;
		if (plan->version < 2 && shared > CFS_EROFS_SHARED_MAX_V1)
			attrs[i].shared = 0;
	}
	if (plan->version == 2 && shared > CFS_EROFS_SHARED_MAX_V2)
		return cfs_fail(err, E2BIG, "over %d xattrs shared with others",
				CFS_EROFS_SHARED_MAX_V2);
	return 0;
}

int cfs_erofs_attrs(struct cfs_erofs_plan *plan,
		    const struct cfs_erofs_inode *inode, bool values,
		    const struct cfs_erofs_attr **ret, size_t *ret_n,
		    struct cfs_err *err)
{
	const struct cfs_xattrs *list = inode->node->xattrs;
	int r;

	plan->attrs.len = 0;
	if (inode->flags & CFS_EROFS_I_MORE) {
		list_marked(plan, inode);
	} else if (cfs_node_is_external(inode->node)) {
		list_external(plan, inode, values);
	} else {
		for (size_t i = 0; list && i < list->n; i++)
			push_pair(plan, list->v[i]->id);
	}
	r = cfs_buf_check(&plan->attrs, err);
	if (r < 0)
		return r;
	*ret_n = plan->attrs.len / sizeof(struct cfs_erofs_attr);
	*ret = (struct cfs_erofs_attr *)plan->attrs.data;
	if (*ret_n <= CFS_EROFS_SHARED_MAX_V1)
		return 0;
	return limit_shared(plan, (struct cfs_erofs_attr *)plan->attrs.data,
			    *ret_n, err);
}
