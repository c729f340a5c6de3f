/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finishing a tree: children are sorted, then one walk in that order decides
 * which name of an inode is the inode itself.  Readers of dumpfiles and layers
 * only append, so no order of input makes building a tree quadratic.  Nothing
 * here recurses, since the input decides how deep trees are.
 */
#include <string.h>

#include "base/buf.h"
#include "tree/node.h"

struct cfs_node *cfs_node_walk(struct cfs_node *top, struct cfs_node *at)
{
	if (!at)
		return top;
	if (S_ISDIR(at->mode) && at->dir.first)
		return at->dir.first;
	while (at != top && !at->next)
		at = at->parent;
	return at == top ? NULL : at->next;
}

void cfs_node_path(const struct cfs_node *node, struct cfs_buf *buf)
{
	size_t len = 0, at;

	if (!node->parent) {
		cfs_buf_addc(buf, '/');
		return;
	}
	for (const struct cfs_node *n = node; n->parent; n = n->parent)
		len += 1 + n->name_len;
	at = buf->len + len;
	cfs_buf_addz(buf, len);
	if (buf->failed)
		return;
	/* From the leaf up, so the text is written from its end. */
	for (const struct cfs_node *n = node; n->parent; n = n->parent) {
		at -= n->name_len;
		memcpy(buf->data + at, n->name, n->name_len);
		buf->data[--at] = '/';
	}
}

/* Puts @len bytes of @text, made printable, before position @at. */
static size_t put_before(char *buf, size_t at, const char *text, size_t len)
{
	while (len > 0 && at > 0) {
		char c = text[--len];

		/* No control character of a hostile name reaches a terminal. */
		buf[--at] = c > 0x20 && c < 0x7f ? c : '?';
	}
	return at;
}

const char *cfs_node_name(const struct cfs_node *node,
			  char buf[static CFS_NODE_NAME_MAX])
{
	size_t at = CFS_NODE_NAME_MAX - 1;

	buf[at] = '\0';
	if (!node->parent)
		at = put_before(buf, at, "/", 1);
	for (const struct cfs_node *n = node; n->parent; n = n->parent) {
		at = put_before(buf, at, n->name, n->name_len);
		at = put_before(buf, at, "/", 1);
	}
	if (at == 0)
		memcpy(buf, "...", 3);
	memmove(buf, buf + at, CFS_NODE_NAME_MAX - at);
	return buf;
}

/* Stable: of equal names @a, which was added earlier, comes first. */
static struct cfs_node *merge(struct cfs_node *a, struct cfs_node *b)
{
	struct cfs_node *head, **tail = &head;

	while (a && b) {
		struct cfs_node **from = strcmp(a->name, b->name) <= 0 ? &a
								       : &b;

		*tail = *from;
		tail = &(*from)->next;
		*from = (*from)->next;
	}
	*tail = a ? a : b;
	return head;
}

/* Merge sort of a list: runs[i] is sorted and 2^i long, or empty.  Needs no
 * memory but this; 32 runs suffice for CFS_NODES_MAX. */
static struct cfs_node *sort_list(struct cfs_node *list)
{
	struct cfs_node *runs[32] = { NULL }, *sorted = NULL;

	while (list) {
		struct cfs_node *run = list;
		size_t i = 0;

		list = list->next;
		run->next = NULL;
		for (; runs[i]; i++) {
			run = merge(runs[i], run);
			runs[i] = NULL;
		}
		runs[i] = run;
	}
	for (size_t i = 0; i < CFS_ARRAY_SIZE(runs); i++)
		sorted = runs[i] ? merge(runs[i], sorted) : sorted;
	return sorted;
}

void cfs_node_prune(struct cfs_node *dir)
{
	struct cfs_node **link = &dir->dir.first, *last = NULL;

	while (*link) {
		if ((*link)->flags & CFS_NODE_GONE) {
			*link = (*link)->next;
			continue;
		}
		last = *link;
		link = &last->next;
	}
	dir->dir.last = last;
}

static int sort_dir(struct cfs_node *dir, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	struct cfs_node *last = NULL;

	cfs_node_prune(dir);
	dir->dir.first = sort_list(dir->dir.first);
	for (struct cfs_node *n = dir->dir.first; n; n = n->next) {
		if (last && strcmp(last->name, n->name) == 0)
			return cfs_fail(err, EEXIST, "%s occurs twice",
					cfs_node_name(n, name));
		last = n;
	}
	dir->dir.last = last;
	dir->flags &= (uint8_t)~CFS_NODE_UNSORTED;
	return 0;
}

/* While a tree is built, a link may point to another link.  There is never a
 * cycle: a link is made to a node that exists already, and trade() turns one
 * around only after flattening it. */
static void flatten(struct cfs_node *node)
{
	struct cfs_node *inode = node->link;

	while (inode->flags & CFS_NODE_LINK)
		inode = inode->link;
	node->link = inode;
}

int cfs_tree_sort(struct cfs_tree *tree, struct cfs_err *err)
{
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		int r;

		if (n->flags & CFS_NODE_LINK)
			flatten(n);
		if (!S_ISDIR(n->mode))
			continue;
		n->nlink = 2;
		if (n->parent)
			n->parent->nlink++;
		if (!(n->flags & CFS_NODE_UNSORTED))
			continue;
		r = sort_dir(n, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Turns link @node into the inode, and its inode into a link to @node. */
static void trade(struct cfs_node *node)
{
	struct cfs_node *inode = node->link;
	const struct cfs_node place = *node;

	/* All but the place in the tree and the name moves over. */
	memcpy(node, inode, offsetof(struct cfs_node, name));
	node->parent = place.parent;
	node->next = place.next;
	node->seq = place.seq;
	node->name_len = place.name_len;
	/* The inode's own name may be removed; this one is not. */
	node->flags &= (uint8_t)~CFS_NODE_GONE;
	inode->flags |= CFS_NODE_LINK;
	inode->link = node;
}

static void count_name(struct cfs_node *node)
{
	struct cfs_node *inode;

	if (node->flags & CFS_NODE_LINK) {
		flatten(node);
		/* The inode's own name comes later, or was removed. */
		if (!(node->link->flags & CFS_NODE_SEEN))
			trade(node);
	}
	inode = cfs_node_inode(node);
	if (!(inode->flags & CFS_NODE_SEEN))
		inode->nlink = 0;
	inode->flags |= CFS_NODE_SEEN;
	inode->nlink++;
}

/* How deep @n is, which comes after @last in a walk; @depth: that of @last. */
static unsigned depth_of(const struct cfs_node *n, const struct cfs_node *last,
			 unsigned depth)
{
	if (n->parent == last)
		return depth + 1;
	for (; last->parent != n->parent; last = last->parent)
		depth--;
	return depth;
}

static int count_names(struct cfs_tree *tree, struct cfs_err *err)
{
	struct cfs_node *n = tree->root, *last = n;
	char name[CFS_NODE_NAME_MAX];
	unsigned depth = 0;

	tree->has_whiteout = false;
	while ((n = cfs_node_walk(tree->root, n))) {
		depth = depth_of(n, last, depth);
		last = n;
		tree->has_whiteout |= cfs_node_is_whiteout(n);
		if (!S_ISDIR(n->mode))
			count_name(n);
		else if (depth > CFS_DEPTH_MAX)
			return cfs_fail(err, ELOOP, "%s: over %d levels deep",
					cfs_node_name(n, name), CFS_DEPTH_MAX);
	}
	return 0;
}

int cfs_tree_finish(struct cfs_tree *tree, struct cfs_err *err)
{
	int r = cfs_tree_sort(tree, err);

	if (r == 0)
		r = count_names(tree, err);
	if (r < 0)
		return r;
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n))
		n->flags &= (uint8_t)~CFS_NODE_SEEN;
	return 0;
}
