/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What stands on more than one inode is written once, in a table. */
#include <string.h>

#include "erofs/plan.h"
#include "erofs/prefix.h"
#include "erofs/xxh32.h"

/* As the tree would have them: the prefix is escaped like a user's. */
static const struct {
	const char *key, *value;
	bool escape;
} marks[CFS_EROFS_MARKS] = {
	[CFS_EROFS_MARK_WHITEOUT] = { "trusted.overlay.whiteout", "", true },
	[CFS_EROFS_MARK_USER_WHITEOUT] = { "user.overlay.whiteout", "", true },
	[CFS_EROFS_MARK_WHITEOUTS] = { "trusted.overlay.whiteouts", "", true },
	[CFS_EROFS_MARK_USER_WHITEOUTS] = { "user.overlay.whiteouts", "",
					    true },
	[CFS_EROFS_MARK_OPAQUE] = { "trusted.overlay.opaque", "x", true },
	[CFS_EROFS_MARK_USER_OPAQUE] = { "user.overlay.opaque", "x", true },
	[CFS_EROFS_MARK_ROOT] = { "trusted.overlay.opaque", "y", false },
};

static int no_memory(struct cfs_err *err)
{
	return cfs_fail(err, ENOMEM, "out of memory");
}

static void describe(const struct cfs_erofs_plan *plan,
		     struct cfs_erofs_pair *pair, const char *key)
{
	struct cfs_bytes suffix;

	pair->key = key;
	pair->key_len = (uint16_t)strlen(key);
	pair->index =
		cfs_erofs_prefix_of(key, plan->version, &pair->prefix_len);
	suffix = (struct cfs_bytes){
		(const uint8_t *)key + pair->prefix_len,
		(size_t)pair->key_len - pair->prefix_len,
	};
	pair->filter_bit =
		(uint8_t)(cfs_erofs_xxh32(suffix,
					  CFS_EROFS_FILTER_SEED + pair->index) %
			  32);
	pair->before_metacopy = strcmp(key, CFS_OVERLAY_PREFIX "metacopy") < 0;
	pair->before_redirect = strcmp(key, CFS_OVERLAY_PREFIX "redirect") < 0;
}

/* overlayfs would take a user's trusted.overlay.x for its own. */
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
			return no_memory(err);
		memcpy(escaped, CFS_OVERLAY_ESCAPE, escape);
		memcpy(escaped + escape, key + prefix, rest + 1);
		key = escaped;
	}
	describe(plan, pair, key);
	if (pair->key_len - pair->prefix_len > UINT8_MAX)
		return cfs_fail(err, ERANGE, "xattr name %s is too long", key);
	return 0;
}

static int add_mark(struct cfs_erofs_plan *plan, size_t i, struct cfs_err *err)
{
	struct cfs_erofs_pair *pair = &plan->pairs[plan->n_pairs];
	struct cfs_bytes key = { (const uint8_t *)marks[i].key,
				 strlen(marks[i].key) };
	struct cfs_bytes value = { (const uint8_t *)marks[i].value,
				   strlen(marks[i].value) };
	const struct cfs_xattr *x = NULL;

	if (marks[i].escape)
		x = cfs_xattr_find(&plan->tree->xattrs, key, value);
	plan->marks[i] = x ? x->id : (uint32_t)plan->n_pairs;
	if (x)
		return 0;
	plan->n_pairs++;
	pair->value = value;
	if (marks[i].escape)
		return describe_escaped(plan, pair, marks[i].key, err);
	describe(plan, pair, marks[i].key);
	return 0;
}

static int make_pairs(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	const struct cfs_table *pairs = &plan->tree->xattrs.pairs;
	int r;

	plan->pairs =
		calloc(pairs->used + CFS_EROFS_MARKS, sizeof(plan->pairs[0]));
	if (!plan->pairs)
		return no_memory(err);
	for (size_t i = 0; pairs->slots && i <= pairs->mask; i++) {
		const struct cfs_xattr *x = pairs->slots[i];

		if (!x)
			continue;
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
	describe(plan, &plan->metacopy, CFS_OVERLAY_PREFIX "metacopy");
	describe(plan, &plan->redirect, CFS_OVERLAY_PREFIX "redirect");
	return 0;
}

static void count_list(struct cfs_erofs_plan *plan,
		       const struct cfs_xattrs *list)
{
	for (size_t i = 0; i < list->n; i++)
		plan->pairs[list->v[i]->id].uses++;
}

/* Whether there is a second inode is all that matters, so a list, of which
 * there are few, is looked at twice; inodes with marks each. */
static int count_pairs(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	size_t n_lists = plan->tree->xattrs.lists.used + 1;
	CFS_AUTOFREE uint8_t *seen = calloc(n_lists, 1);

	if (!seen)
		return no_memory(err);
	for (uint32_t i = 0; i < plan->n; i++) {
		const struct cfs_erofs_inode *inode = &plan->inodes[i];
		const struct cfs_xattrs *list = inode->node->xattrs;
		const struct cfs_erofs_attr *attrs;
		size_t n;

		if (!(inode->flags & CFS_EROFS_I_MORE)) {
			if (list && seen[list->id] < 2) {
				seen[list->id]++;
				count_list(plan, list);
			}
			continue;
		}
		if (cfs_erofs_attrs(plan, inode, false, &attrs, &n, err) < 0)
			return -err->code;
		for (size_t k = 0; k < n; k++)
			plan->pairs[attrs[k].pair - plan->pairs].uses++;
	}
	return 0;
}

/* Puts an attribute into the table.  Returns 1 + its number. */
static uint32_t add_shared(struct cfs_erofs_plan *plan,
			   const struct cfs_erofs_pair *pair,
			   struct cfs_bytes value)
{
	struct cfs_erofs_shared shared = { .pair = pair, .value = value };

	cfs_buf_add(&plan->shared, &shared, sizeof(shared));
	return (uint32_t)(plan->shared.len / sizeof(shared));
}

static void share_pairs(struct cfs_erofs_plan *plan)
{
	for (size_t i = 0; i < plan->n_pairs; i++) {
		struct cfs_erofs_pair *pair = &plan->pairs[i];

		if (pair->uses > 1)
			pair->shared = add_shared(plan, pair, pair->value);
		if (pair->uses > 0 &&
		    (strcmp(pair->key, "system.posix_acl_access") == 0 ||
		     strcmp(pair->key, "system.posix_acl_default") == 0))
			plan->has_acl = plan->version < 2;
	}
}

/* Overlay's own are nearly all different: tables of the inodes that have
 * them, by what they say. */
struct overlay_key {
	const struct cfs_erofs_plan *plan;
	const struct cfs_node *node;
};

static uint64_t digest_hash(const void *entry)
{
	const struct cfs_erofs_inode *inode = entry;

	/* The shorter digest's length serves both. */
	return cfs_hash(inode->node->file.digest, 32, 0);
}

static bool same_digest(const void *entry, const void *key)
{
	const struct cfs_erofs_inode *inode = entry;
	const struct overlay_key *k = key;

	return memcmp(inode->node->file.digest, k->node->file.digest,
		      cfs_alg_size(k->plan->tree->alg)) == 0;
}

/* A path that is spelled out may be that of an object after all. */
static uint64_t path_hash(const void *entry)
{
	const struct cfs_erofs_inode *inode = entry;
	const char *path = inode->node->file.data;
	struct cfs_digest digest;
	struct cfs_err ignored;
	char hex[CFS_DIGEST_HEX_MAX];
	size_t len;

	if (!path)
		return digest_hash(entry);
	len = strlen(path);
	if (len < 4 || len - 1 >= sizeof(hex) || path[2] != '/')
		return cfs_hash(path, len, 0);
	memcpy(hex, path, 2);
	memcpy(hex + 2, path + 3, len - 3);
	if (cfs_digest_from_hex(hex, len - 1, &digest, &ignored) < 0)
		return cfs_hash(path, len, 0);
	return cfs_hash(digest.bytes, 32, 0);
}

static const char *path_of(const struct cfs_erofs_plan *plan,
			   const struct cfs_node *node,
			   char buf[static CFS_OBJECT_PATH_MAX])
{
	struct cfs_digest digest;

	if (!cfs_erofs_by_digest(plan, node))
		return node->file.data;
	(void)cfs_node_digest(plan->tree, node, &digest);
	cfs_digest_to_path(&digest, buf);
	return buf;
}

static bool same_path(const void *entry, const void *key)
{
	const struct cfs_erofs_inode *inode = entry;
	const struct overlay_key *k = key;
	char a[CFS_OBJECT_PATH_MAX], b[CFS_OBJECT_PATH_MAX];

	if (cfs_erofs_by_digest(k->plan, inode->node) &&
	    cfs_erofs_by_digest(k->plan, k->node))
		return same_digest(entry, key);
	return strcmp(path_of(k->plan, inode->node, a),
		      path_of(k->plan, k->node, b)) == 0;
}

/* Returns the inode that says the same, or NULL after adding @inode. */
static int meet(const struct cfs_erofs_plan *plan, struct cfs_table *table,
		bool (*same)(const void *, const void *),
		struct cfs_erofs_inode *inode, struct cfs_erofs_inode **ret,
		struct cfs_err *err)
{
	const struct overlay_key key = { plan, inode->node };
	const void **slot;

	*ret = NULL;
	if (!cfs_table_reserve(table))
		return no_memory(err);
	slot = cfs_table_slot(table, table->hash_of(inode), same, &key);
	if (*slot)
		memcpy(ret, slot, sizeof(*ret));
	else
		cfs_table_fill(table, slot, inode);
	return 0;
}

/* The value overlay's own attribute of @inode has, kept in the arena. */
static int keep_value(struct cfs_erofs_plan *plan,
		      const struct cfs_erofs_inode *inode,
		      const struct cfs_erofs_pair *pair, uint32_t *ret,
		      struct cfs_err *err)
{
	const struct cfs_erofs_attr *attrs;
	size_t n;

	if (cfs_erofs_attrs(plan, inode, true, &attrs, &n, err) < 0)
		return -err->code;
	for (size_t i = 0; i < n; i++) {
		struct cfs_bytes value = attrs[i].value;

		if (attrs[i].pair != pair)
			continue;
		value.data = cfs_arena_dup(&plan->arena, value.data, value.len);
		if (!value.data)
			return no_memory(err);
		*ret = add_shared(plan, pair, value);
	}
	return 0;
}

static int share_metacopy(struct cfs_erofs_plan *plan, struct cfs_table *table,
			  struct cfs_erofs_inode *inode,
			  struct cfs_erofs_inode **without, struct cfs_err *err)
{
	struct cfs_erofs_inode *other = *without;
	int r;

	if (inode->node->file.digest) {
		r = meet(plan, table, same_digest, inode, &other, err);
		if (r < 0)
			return r;
	} else if (!other) { /* the first of those without a digest */
		*without = inode;
	}
	if (!other)
		return 0;
	if (!other->metacopy) {
		r = keep_value(plan, other, &plan->metacopy, &other->metacopy,
			       err);
		if (r < 0)
			return r;
	}
	inode->metacopy = other->metacopy;
	return 0;
}

static int share_redirect(struct cfs_erofs_plan *plan, struct cfs_table *table,
			  struct cfs_erofs_inode *inode, struct cfs_err *err)
{
	struct cfs_erofs_inode *other;
	int r;

	if (!inode->node->file.data && !cfs_erofs_by_digest(plan, inode->node))
		return 0;
	r = meet(plan, table, same_path, inode, &other, err);
	if (r < 0 || !other)
		return r;
	if (!other->redirect) {
		r = keep_value(plan, other, &plan->redirect, &other->redirect,
			       err);
		if (r < 0)
			return r;
	}
	inode->redirect = other->redirect;
	return 0;
}

static int share_overlay(struct cfs_erofs_plan *plan, struct cfs_table *digests,
			 struct cfs_table *paths, struct cfs_err *err)
{
	struct cfs_erofs_inode *without = NULL;
	int r = 0;

	for (uint32_t i = 0; i < plan->n && r == 0; i++) {
		struct cfs_erofs_inode *inode = &plan->inodes[i];

		if (!cfs_node_is_external(inode->node))
			continue;
		r = share_metacopy(plan, digests, inode, &without, err);
		if (r == 0)
			r = share_redirect(plan, paths, inode, err);
	}
	return r;
}

int cfs_erofs_share(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	struct cfs_table digests = { .hash_of = digest_hash };
	struct cfs_table paths = { .hash_of = path_hash };
	int r;

	r = make_pairs(plan, err);
	if (r < 0)
		return r;
	r = count_pairs(plan, err);
	if (r < 0)
		return r;
	share_pairs(plan);
	r = share_overlay(plan, &digests, &paths, err);
	cfs_table_free(&digests);
	cfs_table_free(&paths);
	return r < 0 ? r : cfs_erofs_place_shared(plan, err);
}
