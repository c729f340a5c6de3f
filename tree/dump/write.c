/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdlib.h>
#include <string.h>

#include "tree/dump/dump.h"

void cfs_dump_escape(struct cfs_buf *out, struct cfs_bytes text, unsigned how)
{
	static const char digits[] = "0123456789abcdef";
	static const char named[] = "\\\n\r\t", names[] = "\\nrt";
	const uint8_t lowest = how & CFS_DUMP_KEEP_SPACES ? 0x20 : 0x21;
	const uint8_t *p = text.data;

	for (size_t i = 0; i < text.len; i++) {
		const char *at = p[i] ? strchr(named, p[i]) : NULL;

		if (at) {
			cfs_buf_addc(out, '\\');
			cfs_buf_addc(out, names[at - named]);
		} else if (p[i] >= lowest && p[i] < 0x7f &&
			   !(how & CFS_DUMP_ESCAPE_EQUALS && p[i] == '=')) {
			cfs_buf_addc(out, (char)p[i]);
		} else {
			cfs_buf_adds(out, "\\x");
			cfs_buf_addc(out, digits[p[i] >> 4]);
			cfs_buf_addc(out, digits[p[i] & 15]);
		}
	}
}

static void add_escaped(struct cfs_buf *out, const void *data, size_t len,
			unsigned how)
{
	cfs_dump_escape(out, (struct cfs_bytes){ data, len }, how);
}

void cfs_dump_optional(struct cfs_buf *out, const void *data, size_t len)
{
	cfs_buf_addc(out, ' ');
	if (!data)
		cfs_buf_addc(out, '-');
	/* A dash alone says that a field is not set. */
	else if (len == 1 && *(const char *)data == '-')
		cfs_buf_adds(out, "\\x2d");
	else
		add_escaped(out, data, len, 0);
}

static void add_path(struct cfs_buf *out, const struct cfs_node *node,
		     struct cfs_buf *path)
{
	path->len = 0;
	cfs_node_path(node, path);
	if (path->failed)
		out->failed = true;
	else
		add_escaped(out, path->data, path->len, 0);
}

static void add_data(struct cfs_buf *out, const struct cfs_tree *tree,
		     const struct cfs_node *node)
{
	char object[CFS_OBJECT_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];
	const char *backing = cfs_node_backing(tree, node, object);
	struct cfs_digest digest;

	if (S_ISLNK(node->mode))
		cfs_dump_optional(out, node->file.data, (size_t)node->size);
	else
		cfs_dump_optional(out, backing, backing ? strlen(backing) : 0);
	if (node->flags & CFS_NODE_INLINE)
		cfs_dump_optional(out, node->file.data, (size_t)node->size);
	else
		cfs_dump_optional(out, NULL, 0);
	if (cfs_node_digest(tree, node, &digest)) {
		cfs_digest_to_hex(&digest, hex);
		cfs_dump_optional(out, hex, strlen(hex));
	} else {
		cfs_dump_optional(out, NULL, 0);
	}
}

static void add_xattrs(struct cfs_buf *out, const struct cfs_xattrs *list)
{
	for (size_t i = 0; list && i < list->n; i++) {
		cfs_buf_addc(out, ' ');
		add_escaped(out, list->v[i]->key, list->v[i]->key_len,
			    CFS_DUMP_ESCAPE_EQUALS);
		cfs_buf_addc(out, '=');
		add_escaped(out, list->v[i]->value, list->v[i]->value_len,
			    CFS_DUMP_ESCAPE_EQUALS);
	}
}

static void add_link(struct cfs_buf *out, const struct cfs_node *node,
		     const struct cfs_node *first, struct cfs_buf *path)
{
	add_path(out, node, path);
	/* composefs-rs gives all links the mode of a symlink. */
	cfs_buf_addf(out, " 0 @%o - - - - 0.0 ", (unsigned)S_IFLNK);
	add_path(out, first, path);
	cfs_buf_adds(out, " - -\n");
}

/* The line of @node under the name of @name. */
static void add_line(struct cfs_buf *out, const struct cfs_tree *tree,
		     const struct cfs_node *name, const struct cfs_node *node,
		     struct cfs_buf *path)
{
	add_path(out, name, path);
	cfs_buf_addf(out, " %llu %o %u %u %u %u %lld.%u",
		     (unsigned long long)(S_ISDIR(node->mode) ? 0 : node->size),
		     node->mode, node->nlink, node->uid, node->gid, node->rdev,
		     (long long)node->mtime_sec, node->mtime_nsec);
	if (S_ISREG(node->mode) || S_ISLNK(node->mode))
		add_data(out, tree, node);
	else
		cfs_buf_adds(out, " - - -");
	add_xattrs(out, node->xattrs);
	cfs_buf_addc(out, '\n');
}

int cfs_dump_write(const struct cfs_tree *tree, struct cfs_buf *out,
		   struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };

	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		if (n->flags & CFS_NODE_LINK)
			add_link(out, n, n->link, &path);
		else
			add_line(out, tree, n, n, &path);
	}
	return cfs_buf_check(out, err);
}

int cfs_dump_write_below(const struct cfs_tree *tree, struct cfs_node *top,
			 struct cfs_buf *out, struct cfs_err *err)
{
	/* By the number of an inode its first name below @top, which need not
	 * be the tree's first. */
	CFS_AUTOFREE const struct cfs_node **first =
		calloc(tree->nodes, sizeof(struct cfs_node *));
	CFS_AUTOBUF struct cfs_buf path = { 0 };

	if (!first)
		return cfs_no_memory(err);
	for (struct cfs_node *n = top; n; n = cfs_node_walk(top, n)) {
		const struct cfs_node *inode = cfs_node_inode(n);

		if (first[inode->seq]) {
			add_link(out, n, first[inode->seq], &path);
			continue;
		}
		first[inode->seq] = n;
		add_line(out, tree, n, inode, &path);
	}
	return cfs_buf_check(out, err);
}
