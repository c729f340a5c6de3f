/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/node.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"

struct name_key {
	const struct cfs_node *dir;
	struct cfs_bytes name;
};

static uint64_t name_hash(const struct cfs_node *dir, const void *name,
			  size_t len)
{
	return cfs_table_hash(name, len, dir->seq);
}

static uint64_t node_hash(const void *entry)
{
	const struct cfs_node *node = entry;

	return name_hash(node->parent, node->name, node->name_len);
}

static bool same_name(const void *entry, const void *key)
{
	const struct cfs_node *node = entry;
	const struct name_key *k = key;

	return node->parent == k->dir && node->name_len == k->name.len &&
	       memcmp(node->name, k->name.data, k->name.len) == 0;
}

static struct cfs_node *new_node(struct cfs_tree *tree, struct cfs_bytes name,
				 uint32_t mode)
{
	size_t size = offsetof(struct cfs_node, name) + name.len + 1;
	struct cfs_node *node = cfs_arena_alloc(&tree->arena, size);

	if (!node)
		return NULL;
	memset(node, 0, offsetof(struct cfs_node, name));
	node->mode = mode;
	node->seq = tree->nodes++;
	node->name_len = (uint8_t)name.len;
	if (name.len > 0)
		memcpy(node->name, name.data, name.len);
	node->name[name.len] = '\0';
	return node;
}

int cfs_tree_new(struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return cfs_no_memory(err);
	tree->index.hash_of = node_hash;
	cfs_xattr_store_init(&tree->xattrs, &tree->arena);
	tree->root = new_node(tree, (struct cfs_bytes){ 0 }, S_IFDIR | 0755);
	if (!tree->root)
		return cfs_no_memory(err);
	tree->root->nlink = 2;
	*ret = cfs_steal_ptr(&tree);
	return 0;
}

void cfs_tree_free(struct cfs_tree *tree)
{
	if (!tree)
		return;
	cfs_table_free(&tree->index);
	cfs_xattr_store_free(&tree->xattrs);
	cfs_arena_free(&tree->arena);
	free(tree);
}

/* Names come from dumpfiles, layers and images that may be hostile.  Everything
 * that reads a tree relies on a name being a single component. */
static int check_name(struct cfs_bytes name, struct cfs_err *err)
{
	if (name.len == 0)
		return cfs_fail(err, EINVAL, "empty file name");
	if (name.len > CFS_NAME_MAX)
		return cfs_fail(err, ENAMETOOLONG,
				"file name is %zu bytes; the maximum is %d",
				name.len, CFS_NAME_MAX);
	if (name.data[0] == '.' &&
	    (name.len == 1 || (name.len == 2 && name.data[1] == '.')))
		return cfs_fail(err, EINVAL, "file name . or ..");
	if (memchr(name.data, '/', name.len) ||
	    memchr(name.data, '\0', name.len))
		return cfs_fail(err, EINVAL, "slash or NUL in a file name");
	return 0;
}

bool cfs_mode_is_known(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	default:
		return false;
	}
}

/* A child that does not sort behind the last one leaves the list unsorted.  So
 * does an equal one: sorting is what finds duplicates. */
static void append(struct cfs_node *dir, struct cfs_node *node)
{
	struct cfs_node *last = dir->dir.last;

	node->parent = dir;
	if (!last)
		dir->dir.first = node;
	else
		last->next = node;
	if (last && strcmp(last->name, node->name) >= 0)
		dir->flags |= CFS_NODE_UNSORTED;
	dir->dir.last = node;
}

static int index_add(struct cfs_tree *tree, struct cfs_node *node)
{
	struct name_key key = {
		node->parent, { (const uint8_t *)node->name, node->name_len }
	};
	const void **slot;

	if (!cfs_table_reserve(&tree->index))
		return -ENOMEM;
	slot = cfs_table_slot(&tree->index, node_hash(node), same_name, &key);
	/* Of two equal names the first stays; cfs_tree_finish() refuses
	 * them. */
	if (!*slot)
		cfs_table_fill(&tree->index, slot, node);
	return 0;
}

int cfs_node_add(struct cfs_tree *tree, struct cfs_node *dir,
		 struct cfs_bytes name, uint32_t mode, struct cfs_node **ret,
		 struct cfs_err *err)
{
	struct cfs_node *node;
	int r = check_name(name, err);

	if (r < 0)
		return r;
	assert(S_ISDIR(dir->mode));
	if (!cfs_mode_is_known(mode))
		return cfs_fail(err, EINVAL, "mode %o has no known file type",
				mode);
	if (tree->nodes >= CFS_NODES_MAX)
		return cfs_fail(err, ENFILE, "over %u files", CFS_NODES_MAX);
	node = new_node(tree, name, mode);
	if (!node)
		return cfs_no_memory(err);
	append(dir, node);
	if (tree->index.slots && index_add(tree, node) < 0)
		return cfs_no_memory(err);
	*ret = node;
	return 0;
}

void cfs_node_set_link(struct cfs_node *node, struct cfs_node *inode)
{
	assert(!S_ISDIR(node->mode) && !S_ISDIR(inode->mode));
	node->flags |= CFS_NODE_LINK;
	node->link = inode;
}

void cfs_node_copy_inode(struct cfs_node *node, const struct cfs_node *inode)
{
	assert(!S_ISDIR(inode->mode) && !(inode->flags & CFS_NODE_LINK));
	node->file = inode->file;
	node->xattrs = inode->xattrs;
	node->size = inode->size;
	node->mtime_sec = inode->mtime_sec;
	node->mtime_nsec = inode->mtime_nsec;
	node->mode = inode->mode;
	node->uid = inode->uid;
	node->gid = inode->gid;
	node->rdev = inode->rdev;
	node->flags = inode->flags & (CFS_NODE_INLINE | CFS_NODE_OBJECT);
}

int cfs_node_set_target(struct cfs_tree *tree, struct cfs_node *node,
			struct cfs_bytes target, struct cfs_err *err)
{
	if (target.len == 0)
		return cfs_fail(err, EINVAL, "symlink without a target");
	if (target.len > CFS_TARGET_MAX)
		return cfs_fail(
			err, ENAMETOOLONG,
			"symlink target is %zu bytes; the maximum is %d",
			target.len, CFS_TARGET_MAX);
	if (memchr(target.data, '\0', target.len))
		return cfs_fail(err, EINVAL, "NUL in a symlink target");
	node->file.data = cfs_arena_dup(&tree->arena, target.data, target.len);
	if (!node->file.data)
		return cfs_no_memory(err);
	node->size = target.len;
	return 0;
}

int cfs_node_set_content(struct cfs_tree *tree, struct cfs_node *node,
			 struct cfs_bytes content, struct cfs_err *err)
{
	if (content.len > CFS_INLINE_MAX)
		return cfs_fail(
			err, EFBIG,
			"inline content is %zu bytes; the maximum is %d",
			content.len, CFS_INLINE_MAX);
	/* Size 0 says it all: an empty file is neither inline nor external. */
	node->size = content.len;
	if (content.len == 0)
		return 0;
	node->file.data =
		cfs_arena_dup(&tree->arena, content.data, content.len);
	if (!node->file.data)
		return cfs_no_memory(err);
	node->flags |= CFS_NODE_INLINE;
	return 0;
}

static int reserve_digest(struct cfs_tree *tree, struct cfs_node *node,
			  enum cfs_alg alg, uint8_t **ret, struct cfs_err *err)
{
	uint8_t *bytes;

	/* A repository has one algorithm, so no repository could serve an image
	 * that mixes two. */
	if (tree->alg && tree->alg != alg)
		return cfs_fail(err, EINVAL,
				"a %s digest among %s digests: all files of a "
				"tree need the same algorithm",
				cfs_alg_name(alg), cfs_alg_name(tree->alg));
	bytes = cfs_arena_alloc(&tree->arena, cfs_alg_size(alg));
	if (!bytes)
		return cfs_no_memory(err);
	tree->alg = alg;
	node->file.digest = bytes;
	*ret = bytes;
	return 0;
}

static int set_digest(struct cfs_tree *tree, struct cfs_node *node,
		      const struct cfs_digest *digest, struct cfs_err *err)
{
	uint8_t *bytes = NULL;
	int r = reserve_digest(tree, node, digest->alg, &bytes, err);

	if (r == 0)
		memcpy(bytes, digest->bytes, cfs_alg_size(digest->alg));
	return r;
}

int cfs_node_set_object(struct cfs_tree *tree, struct cfs_node *node,
			uint64_t size, const struct cfs_digest *digest,
			struct cfs_err *err)
{
	uint8_t *bytes = NULL;
	int r = cfs_node_reserve_object(tree, node, size, digest->alg, &bytes,
					err);

	if (r == 0)
		memcpy(bytes, digest->bytes, cfs_alg_size(digest->alg));
	return r;
}

int cfs_node_reserve_object(struct cfs_tree *tree, struct cfs_node *node,
			    uint64_t size, enum cfs_alg alg, uint8_t **ret,
			    struct cfs_err *err)
{
	assert(S_ISREG(node->mode) && size > 0);
	node->size = size;
	node->flags |= CFS_NODE_OBJECT;
	return reserve_digest(tree, node, alg, ret, err);
}

int cfs_node_set_backing(struct cfs_tree *tree, struct cfs_node *node,
			 uint64_t size, struct cfs_bytes path,
			 const struct cfs_digest *digest, struct cfs_err *err)
{
	char object[CFS_OBJECT_PATH_MAX];

	assert(S_ISREG(node->mode) && size > 0);
	if (path.len > CFS_TARGET_MAX)
		return cfs_fail(err, ENAMETOOLONG,
				"backing path is %zu bytes; the maximum is %d",
				path.len, CFS_TARGET_MAX);
	if (path.len > 0 && memchr(path.data, '\0', path.len))
		return cfs_fail(err, EINVAL, "NUL in a backing path");
	/* The usual case: recognised, so that no path is kept per file. */
	if (path.len > 0 && digest) {
		cfs_digest_to_path(digest, object);
		if (strlen(object) == path.len &&
		    memcmp(object, path.data, path.len) == 0)
			return cfs_node_set_object(tree, node, size, digest,
						   err);
	}
	node->size = size;
	if (path.len > 0) {
		node->file.data =
			cfs_arena_dup(&tree->arena, path.data, path.len);
		if (!node->file.data)
			return cfs_no_memory(err);
	}
	return digest ? set_digest(tree, node, digest, err) : 0;
}

bool cfs_node_holds_whiteout(const struct cfs_node *node)
{
	const struct cfs_node *n = S_ISDIR(node->mode) ? node->dir.first : NULL;

	while (n && !cfs_node_is_whiteout(n))
		n = n->next;
	return n;
}

bool cfs_node_digest(const struct cfs_tree *tree, const struct cfs_node *node,
		     struct cfs_digest *ret)
{
	if (!S_ISREG(node->mode) || node->flags & CFS_NODE_LINK ||
	    !node->file.digest)
		return false;
	*ret = (struct cfs_digest){ .alg = tree->alg };
	memcpy(ret->bytes, node->file.digest, cfs_alg_size(tree->alg));
	return true;
}

const char *cfs_node_backing(const struct cfs_tree *tree,
			     const struct cfs_node *node,
			     char buf[static CFS_OBJECT_PATH_MAX])
{
	struct cfs_digest digest;

	if (!cfs_node_is_external(node))
		return NULL;
	if (!(node->flags & CFS_NODE_OBJECT))
		return node->file.data;
	if (!cfs_node_digest(tree, node, &digest))
		return NULL;
	cfs_digest_to_path(&digest, buf);
	return buf;
}

static int make_index(struct cfs_tree *tree)
{
	if (!cfs_table_reserve_many(&tree->index, tree->nodes))
		return -ENOMEM;
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		if (n->parent && !(n->flags & CFS_NODE_GONE) &&
		    index_add(tree, n) < 0)
			return -ENOMEM;
	}
	return 0;
}

int cfs_node_find(struct cfs_tree *tree, const struct cfs_node *dir,
		  struct cfs_bytes name, struct cfs_node **ret,
		  struct cfs_err *err)
{
	const struct name_key key = { dir, name };
	const void **slot;

	if (!tree->index.slots && make_index(tree) < 0) {
		cfs_table_free(&tree->index);
		return cfs_no_memory(err);
	}
	slot = cfs_table_slot(&tree->index, name_hash(dir, name.data, name.len),
			      same_name, &key);
	if (!*slot)
		return 0;
	/* memcpy drops the const that the table adds. */
	memcpy(ret, slot, sizeof(*ret));
	return 1;
}

struct cfs_node *cfs_node_child(const struct cfs_node *dir, const char *name)
{
	for (struct cfs_node *n = dir->dir.first; n; n = n->next) {
		if (strcmp(n->name, name) == 0 && !(n->flags & CFS_NODE_GONE))
			return n;
	}
	return NULL;
}

int cfs_tree_lookup(struct cfs_tree *tree, const char *path,
		    struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_node *node = tree->root;

	for (;;) {
		struct cfs_bytes name;
		int r;

		path += strspn(path, "/");
		name = (struct cfs_bytes){ (const uint8_t *)path,
					   strcspn(path, "/") };
		if (name.len == 0)
			break;
		/* A file in the middle of a path is an absent path, not an
		 * error. */
		if (!S_ISDIR(node->mode))
			return 0;
		r = cfs_node_find(tree, node, name, &node, err);
		if (r <= 0)
			return r;
		path += name.len;
	}
	*ret = node;
	return 1;
}

static void unindex(struct cfs_tree *tree, const struct cfs_node *node)
{
	const struct name_key key = {
		node->parent, { (const uint8_t *)node->name, node->name_len }
	};
	const void **slot;

	if (!tree->index.slots)
		return;
	slot = cfs_table_slot(&tree->index, node_hash(node), same_name, &key);
	/* Another node of the same name may have the slot. */
	if (*slot == node)
		cfs_table_drop(&tree->index, slot);
}

/* The next node in depth-first order below @top that is not below @at. */
static struct cfs_node *walk_past(const struct cfs_node *top,
				  struct cfs_node *at)
{
	while (at != top && !at->next)
		at = at->parent;
	return at == top ? NULL : at->next;
}

void cfs_node_remove(struct cfs_tree *tree, struct cfs_node *node)
{
	struct cfs_node *n = node;

	assert(node->parent);
	while (n) {
		/* Everything below a removed directory is removed already.
		 * Walking it again would make removing a tree from the bottom
		 * up quadratic, which a hostile layer can ask for. */
		if (n->flags & CFS_NODE_GONE) {
			n = walk_past(node, n);
			continue;
		}
		unindex(tree, n);
		n->flags |= CFS_NODE_GONE;
		n = cfs_node_walk(node, n);
	}
	/* Makes cfs_tree_sort() visit this directory and unlink the node. */
	node->parent->flags |= CFS_NODE_UNSORTED;
}

void cfs_node_clear(struct cfs_tree *tree, struct cfs_node *dir)
{
	for (struct cfs_node *n = dir->dir.first; n; n = n->next)
		cfs_node_remove(tree, n);
}
