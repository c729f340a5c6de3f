/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/xattr.h"

/* What a table is asked for: an attribute that may not be stored yet. */
struct pair {
	struct cfs_bytes key, value;
};

struct list {
	const struct cfs_xattr **v;
	size_t n;
};

static uint64_t pair_hash(struct cfs_bytes key, struct cfs_bytes value)
{
	return cfs_table_hash(value.data, value.len,
			      cfs_table_hash(key.data, key.len, 1));
}

static uint64_t stored_pair_hash(const void *entry)
{
	const struct cfs_xattr *x = entry;
	struct cfs_bytes key = { (const uint8_t *)x->key, x->key_len };
	struct cfs_bytes value = { x->value, x->value_len };

	return pair_hash(key, value);
}

static bool same_pair(const void *entry, const void *key)
{
	const struct cfs_xattr *x = entry;
	const struct pair *p = key;

	return x->value_len == p->value.len && x->key_len == p->key.len &&
	       memcmp(x->key, p->key.data, p->key.len) == 0 &&
	       (p->value.len == 0 ||
		memcmp(x->value, p->value.data, p->value.len) == 0);
}

static uint64_t list_hash(const struct cfs_xattr *const *v, size_t n)
{
	uint64_t h = n;

	for (size_t i = 0; i < n; i++)
		h = cfs_table_hash(&v[i]->id, sizeof(v[i]->id), h);
	return h;
}

static uint64_t stored_list_hash(const void *entry)
{
	const struct cfs_xattrs *list = entry;

	return list_hash(list->v, list->n);
}

static bool same_list(const void *entry, const void *key)
{
	const struct cfs_xattrs *list = entry;
	const struct list *l = key;

	return list->n == l->n &&
	       memcmp(list->v, l->v, l->n * sizeof(l->v[0])) == 0;
}

void cfs_xattr_store_init(struct cfs_xattr_store *store,
			  struct cfs_arena *arena)
{
	*store = (struct cfs_xattr_store){
		.arena = arena,
		.pairs.hash_of = stored_pair_hash,
		.lists.hash_of = stored_list_hash,
	};
}

void cfs_xattr_store_free(struct cfs_xattr_store *store)
{
	cfs_table_free(&store->pairs);
	cfs_table_free(&store->lists);
}

static int check_pair(const struct pair *p, struct cfs_err *err)
{
	if (p->key.len == 0)
		return cfs_fail(err, EINVAL, "xattr with an empty name");
	if (p->key.len > CFS_XATTR_KEY_MAX)
		return cfs_fail(err, ERANGE,
				"xattr name is %zu bytes; the maximum is %d",
				p->key.len, CFS_XATTR_KEY_MAX);
	if (memchr(p->key.data, '\0', p->key.len))
		return cfs_fail(err, EINVAL, "NUL in the name of an xattr");
	if (p->value.len > CFS_XATTR_VALUE_MAX)
		return cfs_fail(err, ERANGE,
				"xattr value is %zu bytes; the maximum is %d",
				p->value.len, CFS_XATTR_VALUE_MAX);
	return 0;
}

static struct cfs_xattr *store_pair(struct cfs_xattr_store *store,
				    const struct pair *p)
{
	struct cfs_xattr *x = cfs_arena_alloc(store->arena, sizeof(*x));
	const char *key = cfs_arena_dup(store->arena, p->key.data, p->key.len);
	const uint8_t *value =
		cfs_arena_dup(store->arena, p->value.data, p->value.len);

	if (!x || !key || !value)
		return NULL;
	*x = (struct cfs_xattr){
		.key = key,
		.value = value,
		.key_len = (uint16_t)p->key.len,
		.value_len = (uint32_t)p->value.len,
		.id = (uint32_t)store->pairs.used,
	};
	return x;
}

int cfs_xattr_add(struct cfs_xattr_store *store, struct cfs_bytes key,
		  struct cfs_bytes value, const struct cfs_xattr **ret,
		  struct cfs_err *err)
{
	const struct pair p = { key, value };
	const void **slot;
	int r = check_pair(&p, err);

	if (r < 0)
		return r;
	if (!cfs_table_reserve(&store->pairs))
		return cfs_no_memory(err);
	slot = cfs_table_slot(&store->pairs, pair_hash(key, value), same_pair,
			      &p);
	if (!*slot) {
		struct cfs_xattr *x = store_pair(store, &p);

		if (!x)
			return cfs_no_memory(err);
		cfs_table_fill(&store->pairs, slot, x);
	}
	*ret = *slot;
	return 0;
}

const struct cfs_xattr *cfs_xattr_find(const struct cfs_xattr_store *store,
				       struct cfs_bytes key,
				       struct cfs_bytes value)
{
	const struct pair p = { key, value };

	if (!store->pairs.slots)
		return NULL;
	return *cfs_table_slot(&store->pairs, pair_hash(key, value), same_pair,
			       &p);
}

static int by_key(const void *a, const void *b)
{
	const struct cfs_xattr *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* Most are in order as they come. */
static int sort_list(const struct cfs_xattr **v, size_t n, struct cfs_err *err)
{
	bool sorted = true;

	if (n > CFS_XATTRS_MAX)
		return cfs_fail(err, E2BIG, "%zu xattrs; the maximum is %d", n,
				CFS_XATTRS_MAX);
	for (size_t i = 1; i < n && sorted; i++)
		sorted = strcmp(v[i - 1]->key, v[i]->key) < 0;
	if (sorted)
		return 0;
	qsort(v, n, sizeof(v[0]), by_key);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(v[i - 1]->key, v[i]->key) == 0)
			return cfs_fail(err, EEXIST, "xattr %s occurs twice",
					v[i]->key);
	}
	return 0;
}

int cfs_xattrs_add(struct cfs_xattr_store *store, const struct cfs_xattr **v,
		   size_t n, const struct cfs_xattrs **ret, struct cfs_err *err)
{
	const struct list key = { v, n };
	struct cfs_xattrs *list;
	const void **slot;
	int r;

	if (n == 0) {
		*ret = NULL;
		return 0;
	}
	r = sort_list(v, n, err);
	if (r < 0)
		return r;
	if (!cfs_table_reserve(&store->lists))
		return cfs_no_memory(err);
	slot = cfs_table_slot(&store->lists, list_hash(v, n), same_list, &key);
	if (!*slot) {
		list = cfs_arena_alloc(store->arena,
				       sizeof(*list) + n * sizeof(v[0]));
		if (!list)
			return cfs_no_memory(err);
		list->n = (uint32_t)n;
		list->id = (uint32_t)store->lists.used;
		memcpy(list->v, v, n * sizeof(v[0]));
		cfs_table_fill(&store->lists, slot, list);
	}
	*ret = *slot;
	return 0;
}

const struct cfs_xattr *cfs_xattrs_get(const struct cfs_xattrs *list,
				       const char *key)
{
	for (size_t i = 0; list && i < list->n; i++) {
		if (strcmp(list->v[i]->key, key) == 0)
			return list->v[i];
	}
	return NULL;
}
