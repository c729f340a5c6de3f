/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/dirs.h"

struct key {
	const struct cfs_node *parent;
	struct cfs_bytes name;
};

static struct key key_of(const struct cfs_node *node)
{
	return (struct key){ node->parent,
			     { (const uint8_t *)node->name, node->name_len } };
}

static uint64_t key_hash(const struct key *key)
{
	return cfs_table_hash(key->name.data, key->name.len, key->parent->seq);
}

static uint64_t node_hash(const void *entry)
{
	const struct key key = key_of(entry);

	return key_hash(&key);
}

static bool same(const void *entry, const void *key)
{
	const struct key a = key_of(entry), *b = key;

	return a.parent == b->parent && a.name.len == b->name.len &&
	       memcmp(a.name.data, b->name.data, a.name.len) == 0;
}

void cfs_dump_dirs_init(struct cfs_dump_dirs *dirs, struct cfs_tree *tree)
{
	*dirs = (struct cfs_dump_dirs){
		.tree = tree,
		.table.hash_of = node_hash,
	};
}

void cfs_dump_dirs_free(struct cfs_dump_dirs *dirs)
{
	cfs_table_free(&dirs->table);
}

/* The first of two of one name stays: the second is an error found later. */
static bool insert(struct cfs_table *table, const struct cfs_node *node)
{
	const struct key key = key_of(node);
	const void **slot;

	if (!cfs_table_reserve(table))
		return false;
	slot = cfs_table_slot(table, key_hash(&key), same, &key);
	if (!*slot)
		cfs_table_fill(table, slot, node);
	return true;
}

static bool index_all(struct cfs_dump_dirs *dirs)
{
	struct cfs_node *root = dirs->tree->root, *n = root;

	if (!cfs_table_reserve(&dirs->table))
		return false;
	while ((n = cfs_node_walk(root, n))) {
		if (S_ISDIR(n->mode) && !insert(&dirs->table, n))
			return false;
	}
	return true;
}

int cfs_dump_dirs_add(struct cfs_dump_dirs *dirs, struct cfs_node *node,
		      struct cfs_err *err)
{
	if (dirs->table.slots && !insert(&dirs->table, node))
		return cfs_no_memory(err);
	return 0;
}

int cfs_dump_dirs_find(struct cfs_dump_dirs *dirs,
		       const struct cfs_node *parent, struct cfs_bytes name,
		       struct cfs_node **ret, struct cfs_err *err)
{
	const struct key key = { parent, name };
	const void **slot;

	if (!dirs->table.slots && !index_all(dirs)) {
		cfs_table_free(&dirs->table);
		return cfs_no_memory(err);
	}
	slot = cfs_table_slot(&dirs->table, key_hash(&key), same, &key);
	if (!*slot)
		return 0;
	/* The table borrows nodes that the reader may change. */
	memcpy(ret, slot, sizeof(*ret));
	return 1;
}
