/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Collects each inode's xattrs in the order on disk. */
#include <string.h>

#include "erofs/prefix.h"
#include "erofs/write_attrs.h"
#include "erofs/xxh32.h"

static const char *const overlay_keys[CFS_EROFS_OVERLAYS] = {
	[CFS_EROFS_METACOPY] = CFS_OVERLAY_PREFIX "metacopy",
	[CFS_EROFS_REDIRECT] = CFS_OVERLAY_PREFIX "redirect",
};

/* The marks.  Most are written as if the tree had such an xattr, which is
 * escaped; overlayfs unescapes it and finds a whiteout that is none of its own.
 * The root's mark is not escaped: it is for the overlay that mounts the
 * image. */
static const struct {
	const char *key, *value;
	bool escape;
} mark_texts[CFS_EROFS_MARKS] = {
	[CFS_EROFS_MARK_WHITEOUT] = { "trusted.overlay.whiteout", "", true },
	[CFS_EROFS_MARK_USER_WHITEOUT] = { "user.overlay.whiteout", "", true },
	[CFS_EROFS_MARK_WHITEOUTS] = { "trusted.overlay.whiteouts", "", true },
	[CFS_EROFS_MARK_USER_WHITEOUTS] = { "user.overlay.whiteouts", "",
					    true },
	[CFS_EROFS_MARK_OPAQUE] = { "trusted.overlay.opaque", "x", true },
	[CFS_EROFS_MARK_USER_OPAQUE] = { "user.overlay.opaque", "x", true },
	[CFS_EROFS_MARK_ROOT] = { "trusted.overlay.opaque", "y", false },
};

/* Fills @pair for the key @key, as it is on disk. */
static void describe(const struct cfs_erofs_plan *plan,
		     struct cfs_erofs_pair *pair, const char *key)
{
	struct cfs_bytes suffix;

	pair->key = key;
	pair->key_len = (uint16_t)strlen(key);
	pair->index = cfs_erofs_prefix_of(key, plan->rules, &pair->prefix_len);
	suffix = (struct cfs_bytes){
		(const uint8_t *)key + pair->prefix_len,
		(size_t)pair->key_len - pair->prefix_len,
	};
	pair->filter_bit =
		(uint8_t)(cfs_erofs_xxh32(suffix,
					  CFS_EROFS_FILTER_SEED + pair->index) %
			  32);
	for (size_t k = 0; k < CFS_EROFS_OVERLAYS; k++)
		pair->before[k] = strcmp(key, overlay_keys[k]) < 0;
}

/* Fills @pair for the key @key of the tree.  A trusted.overlay.x of the user is
 * escaped, because overlayfs would interpret it. */
static int describe_escaped(struct cfs_erofs_plan *plan,
			    struct cfs_erofs_pair *pair, const char *key,
			    struct cfs_err *err)
{
	size_t prefix = strlen(CFS_OVERLAY_PREFIX);
	size_t escape = strlen(CFS_OVERLAY_ESCAPE);

	if (strncmp(key, CFS_OVERLAY_PREFIX, prefix) == 0) {
		size_t rest = strlen(key) - prefix;
		char *escaped =
			cfs_arena_alloc(&plan->arena, escape + rest + 1);

		if (!escaped)
			return cfs_no_memory(err);
		memcpy(escaped, CFS_OVERLAY_ESCAPE, escape);
		memcpy(escaped + escape, key + prefix, rest + 1);
		key = escaped;
	}
	describe(plan, pair, key);
	if (pair->key_len - pair->prefix_len > UINT8_MAX)
		return cfs_fail(err, ERANGE, "xattr name %s is too long", key);
	return 0;
}

/* Adds mark @i to plan->pairs, unless the tree has the same xattr. */
static int add_mark(struct cfs_erofs_plan *plan, size_t i, struct cfs_err *err)
{
	struct cfs_erofs_pair *pair = &plan->pairs[plan->n_pairs];
	struct cfs_bytes key = { (const uint8_t *)mark_texts[i].key,
				 strlen(mark_texts[i].key) };
	struct cfs_bytes value = { (const uint8_t *)mark_texts[i].value,
				   strlen(mark_texts[i].value) };
	const struct cfs_xattr *x = NULL;

	if (mark_texts[i].escape)
		x = cfs_xattr_find(&plan->tree->xattrs, key, value);
	plan->marks[i] = x ? x->id : (uint32_t)plan->n_pairs;
	if (x)
		return 0;
	plan->n_pairs++;
	pair->value = value;
	if (mark_texts[i].escape)
		return describe_escaped(plan, pair, mark_texts[i].key, err);
	describe(plan, pair, mark_texts[i].key);
	return 0;
}

static int make_pairs(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	const struct cfs_table *pairs = &plan->tree->xattrs.pairs;
	int r;

	plan->pairs =
		calloc(pairs->used + CFS_EROFS_MARKS, sizeof(plan->pairs[0]));
	if (!plan->pairs)
		return cfs_no_memory(err);
	for (size_t i = 0; pairs->slots && i <= pairs->mask; i++) {
		const struct cfs_xattr *x = pairs->slots[i];

		if (!x)
			continue;
		/* The tree numbered its xattrs from 0 as they were added. */
		plan->pairs[x->id].value =
			(struct cfs_bytes){ x->value, x->value_len };
		r = describe_escaped(plan, &plan->pairs[x->id], x->key, err);
		if (r < 0)
			return r;
	}
	plan->n_pairs = pairs->used;
	for (size_t i = 0; i < CFS_EROFS_MARKS; i++) {
		r = add_mark(plan, i, err);
		if (r < 0)
			return r;
	}
	for (size_t k = 0; k < CFS_EROFS_OVERLAYS; k++)
		describe(plan, &plan->overlay[k], overlay_keys[k]);
	return 0;
}

/* Fills list @number with the xattrs of @from. */
static bool fill_list(struct cfs_erofs_plan *plan, uint32_t number,
		      const struct cfs_xattrs *from)
{
	struct cfs_erofs_list *list = cfs_erofs_list(plan, number);
	uint32_t *pairs;

	if (list->uses == 0) /* only removed nodes have it */
		return true;
	pairs = cfs_arena_alloc(&plan->arena, from->n * sizeof(*pairs));
	if (!pairs)
		return false;
	for (uint32_t i = 0; i < from->n; i++)
		pairs[i] = from->v[i]->id;
	list->pairs = pairs;
	list->n = from->n;
	return true;
}

static int make_lists(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	const struct cfs_table *lists = &plan->tree->xattrs.lists;

	for (size_t i = 0; lists->slots && i <= lists->mask; i++) {
		const struct cfs_xattrs *from = lists->slots[i];

		if (from && !fill_list(plan, from->id + 1, from))
			return cfs_no_memory(err);
	}
	if (plan->stub_xattrs &&
	    !fill_list(plan, plan->stub_xattrs->id + 1, plan->stub_xattrs))
		return cfs_no_memory(err);
	return 0;
}

/* Writes the marks for an inode with @flags to @ret.  Returns their number. */
static uint32_t marks_of(const struct cfs_erofs_plan *plan, uint8_t flags,
			 uint32_t ret[static CFS_EROFS_MARKS])
{
	uint32_t n = 0;

	if (flags & CFS_EROFS_I_WHITEOUT) {
		ret[n++] = plan->marks[CFS_EROFS_MARK_WHITEOUT];
		ret[n++] = plan->marks[CFS_EROFS_MARK_USER_WHITEOUT];
	}
	if (flags & CFS_EROFS_I_MARKED) {
		ret[n++] = plan->marks[CFS_EROFS_MARK_WHITEOUTS];
		ret[n++] = plan->marks[CFS_EROFS_MARK_USER_WHITEOUTS];
	}
	if (flags & CFS_EROFS_I_MARKED && plan->rules->marks_opaque) {
		ret[n++] = plan->marks[CFS_EROFS_MARK_OPAQUE];
		ret[n++] = plan->marks[CFS_EROFS_MARK_USER_OPAQUE];
	}
	if (flags & CFS_EROFS_I_OPAQUE)
		ret[n++] = plan->marks[CFS_EROFS_MARK_ROOT];
	return n;
}

/* Returns whether one of @marks has the key @key. */
static bool is_marked(const struct cfs_erofs_plan *plan, const char *key,
		      const uint32_t *marks, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(plan->pairs[marks[i]].key, key) == 0)
			return true;
	}
	return false;
}

static int by_key(const void *a, const void *b, void *ctx)
{
	const struct cfs_erofs_plan *plan = ctx;
	const uint32_t *x = a, *y = b;

	return strcmp(plan->pairs[*x].key, plan->pairs[*y].key);
}

/* Appends a list that consists of the list @from and the marks for @flags.  A
 * mark replaces an xattr with the same key. */
static int make_marked(struct cfs_erofs_plan *plan, uint32_t from,
		       uint8_t flags, struct cfs_err *err)
{
	const struct cfs_erofs_list *list = cfs_erofs_list(plan, from);
	struct cfs_erofs_list made = { .marks = flags,
				       .next_marked = list->marked };
	uint32_t marks[CFS_EROFS_MARKS];
	uint32_t n_marks = marks_of(plan, flags, marks);
	uint32_t *pairs = cfs_arena_alloc(
		&plan->arena, ((size_t)list->n + n_marks) * sizeof(*pairs));

	if (!pairs)
		return cfs_no_memory(err);
	for (uint32_t i = 0; i < list->n; i++) {
		uint32_t id = list->pairs[i];

		if (!is_marked(plan, plan->pairs[id].key, marks, n_marks))
			pairs[made.n++] = id;
	}
	memcpy(pairs + made.n, marks, n_marks * sizeof(marks[0]));
	made.n += n_marks;
	made.pairs = pairs;
	qsort_r(pairs, made.n, sizeof(pairs[0]), by_key, plan);
	return cfs_vec_add(&plan->lists, made) ? 0 : cfs_no_memory(err);
}

/* Replaces the list of @inode by one with its marks, made if it is missing. */
static int mark(struct cfs_erofs_plan *plan, struct cfs_erofs_inode *inode,
		struct cfs_err *err)
{
	uint8_t flags = inode->flags & CFS_EROFS_I_MORE;
	uint32_t from = inode->list;
	uint32_t number = cfs_erofs_list(plan, from)->marked;
	int r;

	while (number && cfs_erofs_list(plan, number)->marks != flags)
		number = cfs_erofs_list(plan, number)->next_marked;
	if (!number) {
		number = (uint32_t)plan->lists.n;
		r = make_marked(plan, from, flags, err);
		if (r < 0)
			return r;
		cfs_erofs_list(plan, from)->marked = number;
	}
	/* The marked list takes the inode over.  Lists are looked up again each
	 * time, because adding one may move them. */
	cfs_erofs_list(plan, from)->uses--;
	cfs_erofs_list(plan, number)->uses++;
	inode->list = number;
	return 0;
}

/* Counts the uses of pairs.  All that matters is whether there is a second
 * inode, so that a list with many inodes counts as two. */
static void count_pairs(struct cfs_erofs_plan *plan)
{
	for (uint32_t i = 0; i < plan->lists.n; i++) {
		const struct cfs_erofs_list *list = cfs_erofs_list(plan, i);
		uint32_t uses = list->uses < 2 ? list->uses : 2;

		for (uint32_t k = 0; k < list->n; k++)
			plan->pairs[list->pairs[k]].uses += uses;
	}
}

int cfs_erofs_list_all(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	int r = make_pairs(plan, err);

	if (r == 0)
		r = make_lists(plan, err);
	for (uint32_t i = 0; i < plan->n && r == 0; i++) {
		if (plan->inodes[i].flags & CFS_EROFS_I_MORE)
			r = mark(plan, &plan->inodes[i], err);
	}
	if (r == 0)
		count_pairs(plan);
	return r;
}

/* Computes the sums of @list. */
static void sum(const struct cfs_erofs_plan *plan, struct cfs_erofs_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct cfs_erofs_pair *pair =
			&plan->pairs[list->pairs[i]];

		list->filter |= UINT32_C(1) << pair->filter_bit;
		list->shared += pair->shared != 0;
		list->bytes +=
			pair->shared
				? sizeof(cfs_le32)
				: cfs_erofs_entry_size(pair, pair->value.len);
		if (plan->rules->overlay_first)
			continue;
		for (size_t k = 0; k < CFS_EROFS_OVERLAYS; k++)
			list->before[k] += pair->before[k];
	}
}

void cfs_erofs_sum_lists(struct cfs_erofs_plan *plan)
{
	for (uint32_t i = 0; i < plan->lists.n; i++)
		sum(plan, cfs_erofs_list(plan, i));
}

static uint8_t *put_metacopy(const struct cfs_erofs_plan *plan,
			     const struct cfs_node *node, size_t len,
			     uint8_t *ret)
{
	struct cfs_erofs_metacopy head = {
		.len = (uint8_t)len,
		.digest_algo = (uint8_t)plan->tree->alg,
	};

	if (len > 0) {
		memcpy(ret, &head, 4);
		memcpy(ret + 4, node->file.digest, len - 4);
	}
	return ret + len;
}

static uint8_t *put_redirect(const struct cfs_erofs_plan *plan,
			     const struct cfs_erofs_inode *inode, size_t len,
			     uint8_t *ret)
{
	const struct cfs_node *node = inode->node;

	*ret = '/';
	if (inode->flags & CFS_EROFS_I_BY_DIGEST) {
		struct cfs_digest digest;

		digest.alg = plan->tree->alg;
		memcpy(digest.bytes, node->file.digest, plan->digest_len);
		cfs_digest_to_path(&digest, (char *)ret + 1);
	} else {
		memcpy(ret + 1, node->file.data, len - 1);
	}
	return ret + len;
}

uint8_t *cfs_erofs_put_overlay(const struct cfs_erofs_plan *plan,
			       const struct cfs_erofs_inode *inode,
			       enum cfs_erofs_overlay which, uint8_t *ret)
{
	size_t len = cfs_erofs_overlay_len(plan, inode, which);

	return which == CFS_EROFS_METACOPY
		       ? put_metacopy(plan, inode->node, len, ret)
		       : put_redirect(plan, inode, len, ret);
}
