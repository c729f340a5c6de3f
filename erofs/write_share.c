/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Finds the xattrs that several inodes have, which are written once, in a
 * table. */
#include <string.h>

#include "erofs/write_attrs.h"

/* Adds an xattr to the table.  Returns 1 + its index. */
static uint32_t add_shared(struct cfs_erofs_plan *plan,
			   const struct cfs_erofs_pair *pair,
			   struct cfs_bytes value)
{
	(void)cfs_vec_add(
		&plan->shared,
		(struct cfs_erofs_shared){ .pair = pair, .value = value });
	return (uint32_t)plan->shared.n;
}

static void share_pairs(struct cfs_erofs_plan *plan)
{
	for (size_t i = 0; i < plan->n_pairs; i++) {
		struct cfs_erofs_pair *pair = &plan->pairs[i];

		if (pair->uses > 1)
			pair->shared = add_shared(plan, pair, pair->value);
		/* Pairs of removed nodes are in the table of the tree, too. */
		if (pair->uses > 0 &&
		    (strcmp(pair->key, "system.posix_acl_access") == 0 ||
		     strcmp(pair->key, "system.posix_acl_default") == 0))
			plan->has_acl = plan->rules->acl_flag;
	}
}

/* Makes @inode share an overlay xattr of @other, whose value is the same. */
static int share_overlay(struct cfs_erofs_plan *plan,
			 enum cfs_erofs_overlay which,
			 struct cfs_erofs_inode *other,
			 struct cfs_erofs_inode *inode, struct cfs_err *err)
{
	if (!other->overlay[which]) {
		struct cfs_bytes value = { .len = cfs_erofs_overlay_len(
						   plan, other, which) };
		uint8_t *copy = cfs_arena_alloc(&plan->arena, value.len + 1);

		if (!copy)
			return cfs_no_memory(err);
		(void)cfs_erofs_put_overlay(plan, other, which, copy);
		value.data = copy;
		other->overlay[which] =
			add_shared(plan, &plan->overlay[which], value);
	}
	inode->overlay[which] = other->overlay[which];
	return 0;
}

/*
 * A hash table of the first inode with each digest.  A slot has 1 + the index
 * of the inode in its lower half and 32 bits of the digest's hash in the upper
 * half, so that most other digests are rejected without a look at their inode.
 */
struct firsts {
	uint64_t *slots; /* owned */
	size_t mask;
};

static bool make_firsts(struct firsts *firsts, size_t n)
{
	size_t size = 64;

	/* An eighth stays empty, so that every search ends. */
	while (size - size / 8 < n)
		size *= 2;
	firsts->slots = calloc(size, sizeof(firsts->slots[0]));
	firsts->mask = size - 1;
	return firsts->slots;
}

/* Returns the first inode with the digest of @inode, possibly @inode itself. */
static struct cfs_erofs_inode *first_of(const struct cfs_erofs_plan *plan,
					struct firsts *firsts,
					struct cfs_erofs_inode *inode)
{
	const uint8_t *digest = inode->node->file.digest;
	size_t size = plan->digest_len;
	/* The shorter digest's length serves both. */
	uint64_t hash = cfs_table_hash(digest, 32, 0);
	uint64_t tag = hash & ~(uint64_t)UINT32_MAX;

	for (size_t at = (size_t)hash;; at++) {
		uint64_t *slot = &firsts->slots[at & firsts->mask];
		struct cfs_erofs_inode *other;

		if (!*slot) {
			*slot = tag | ((size_t)(inode - plan->inodes) + 1);
			return inode;
		}
		if ((*slot ^ tag) >> 32)
			continue;
		other = &plan->inodes[(uint32_t)*slot - 1];
		if (memcmp(other->node->file.digest, digest, size) == 0)
			return other;
	}
}

/* Lets inodes with equal digests share metacopy.  If every backing path is its
 * digest's, they share redirect as well. */
static int share_digests(struct cfs_erofs_plan *plan, struct firsts *firsts,
			 struct cfs_err *err)
{
	struct cfs_erofs_inode *without = NULL, *other;
	int r = 0;

	for (uint32_t i = 0; i < plan->n && r == 0; i++) {
		struct cfs_erofs_inode *inode = &plan->inodes[i];

		if (!(inode->flags & CFS_EROFS_I_METACOPY))
			continue;
		if (inode->node->file.digest) {
			other = first_of(plan, firsts, inode);
		} else {
			without = without ? without : inode;
			other = without;
		}
		if (other == inode)
			continue;
		r = share_overlay(plan, CFS_EROFS_METACOPY, other, inode, err);
		if (r == 0 && !plan->has_custom_paths)
			r = share_overlay(plan, CFS_EROFS_REDIRECT, other,
					  inode, err);
	}
	return r;
}

/* Hashes the backing path of an inode.  A path that is stored as text may still
 * be an object path, and must then have the same hash as one stored as a
 * digest. */
static uint64_t path_hash(const void *entry)
{
	const struct cfs_erofs_inode *inode = entry;
	const char *path = inode->node->file.data;
	struct cfs_digest digest;
	struct cfs_err ignored;
	char hex[CFS_DIGEST_HEX_MAX];
	size_t len;

	if (inode->flags & CFS_EROFS_I_BY_DIGEST)
		return cfs_table_hash(inode->node->file.digest, 32, 0);
	len = strlen(path);
	if (len < 4 || len - 1 >= sizeof(hex) || path[2] != '/')
		return cfs_table_hash(path, len, 0);
	memcpy(hex, path, 2);
	memcpy(hex + 2, path + 3, len - 3);
	if (cfs_digest_from_hex(hex, len - 1, &digest, &ignored) < 0)
		return cfs_table_hash(path, len, 0);
	return cfs_table_hash(digest.bytes, 32, 0);
}

struct path_key {
	const struct cfs_erofs_plan *plan;
	const struct cfs_erofs_inode *inode;
};

static const char *path_of(const struct cfs_erofs_plan *plan,
			   const struct cfs_erofs_inode *inode,
			   char buf[static CFS_OBJECT_PATH_MAX])
{
	struct cfs_digest digest;

	if (!(inode->flags & CFS_EROFS_I_BY_DIGEST))
		return inode->node->file.data;
	(void)cfs_node_digest(plan->tree, inode->node, &digest);
	cfs_digest_to_path(&digest, buf);
	return buf;
}

static bool same_path(const void *entry, const void *key)
{
	const struct path_key *k = key;
	const struct cfs_erofs_inode *a = entry, *b = k->inode;
	char a_path[CFS_OBJECT_PATH_MAX], b_path[CFS_OBJECT_PATH_MAX];

	if (a->flags & b->flags & CFS_EROFS_I_BY_DIGEST)
		return memcmp(a->node->file.digest, b->node->file.digest,
			      cfs_alg_size(k->plan->tree->alg)) == 0;
	return strcmp(path_of(k->plan, a, a_path),
		      path_of(k->plan, b, b_path)) == 0;
}

/* Lets @inode share redirect with an earlier inode that has the same path. */
static int share_path(struct cfs_erofs_plan *plan, struct cfs_table *paths,
		      struct cfs_erofs_inode *inode, struct cfs_err *err)
{
	const struct path_key key = { plan, inode };
	struct cfs_erofs_inode *other;
	const void **slot;

	if (!cfs_table_reserve(paths))
		return cfs_no_memory(err);
	slot = cfs_table_slot(paths, path_hash(inode), same_path, &key);
	if (!*slot) {
		cfs_table_fill(paths, slot, inode);
		return 0;
	}
	memcpy(&other, slot, sizeof(other));
	return share_overlay(plan, CFS_EROFS_REDIRECT, other, inode, err);
}

static int share_paths(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	struct cfs_table paths = { .hash_of = path_hash };
	int r = 0;

	for (uint32_t i = 0; i < plan->n && r == 0; i++) {
		if (plan->inodes[i].flags & CFS_EROFS_I_REDIRECT)
			r = share_path(plan, &paths, &plan->inodes[i], err);
	}
	cfs_table_free(&paths);
	return r;
}

int cfs_erofs_share(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	struct firsts firsts;
	int r = cfs_erofs_list_all(plan, err);

	if (r < 0)
		return r;
	share_pairs(plan);
	cfs_erofs_sum_lists(plan);
	if (!make_firsts(&firsts, plan->n_digests))
		return cfs_no_memory(err);
	r = share_digests(plan, &firsts, err);
	free(firsts.slots);
	if (r == 0 && plan->has_custom_paths)
		r = share_paths(plan, err);
	return r < 0 ? r : cfs_erofs_place_shared(plan, err);
}
