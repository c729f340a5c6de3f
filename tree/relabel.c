/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/relabel.h"

#include <string.h>
#include <strings.h>

#define CONFIG "etc/selinux/config"

static struct cfs_node *lookup(struct cfs_node *node, const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, "/");
		struct cfs_node *n = NULL;

		if (cfs_node_is_dir(node))
			n = node->dir.first;
		while (n &&
		       (n->name_len != len || memcmp(n->name, path, len) != 0))
			n = n->next;
		node = n;
		path += len + (path[len] == '/');
	}
	return node;
}

/* Reads file @path of the tree.  Returns 0 when there is none. */
static int read_policy_file(struct cfs_tree *tree,
			    const struct cfs_content *content, const char *path,
			    struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_node *node = lookup(tree->root, path);
	int r = 0;

	if (!node)
		return 0;
	node = cfs_node_inode(node);
	if (!S_ISREG(node->mode))
		return cfs_fail(err, EINVAL, "/%s is not a regular file", path);
	if (node->flags & CFS_NODE_INLINE)
		cfs_buf_add(ret, node->file.data, node->size);
	else if (node->size > 0)
		r = content->read(content->ctx, tree, node, ret, err);
	if (r < 0)
		return cfs_ctx(err, "/%s", path);
	return cfs_buf_check(ret, err) < 0 ? -err->code : 1;
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return s;
}

/* The value of the first line that sets SELINUXTYPE, or NULL. */
static const char *policy_type(char *config)
{
	char *save = NULL;

	for (char *line = strtok_r(config, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		if (strcasecmp(trim(line), "SELINUXTYPE") == 0)
			return trim(equals + 1);
	}
	return NULL;
}

static int without_label(struct cfs_tree *tree, struct cfs_node *node,
			 struct cfs_err *err)
{
	const struct cfs_xattrs *list = node->xattrs;
	CFS_AUTOFREE const struct cfs_xattr **kept = NULL;
	size_t n = 0;

	if (!cfs_xattrs_get(list, "security.selinux"))
		return 0;
	kept = calloc(list->n, sizeof(*kept));
	if (!kept)
		return cfs_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->v[i]->key, "security.selinux") != 0)
			kept[n++] = list->v[i];
	}
	return cfs_xattrs_add(&tree->xattrs, kept, n, &node->xattrs, err);
}

int cfs_tree_relabel(struct cfs_tree *tree, const struct cfs_content *content,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf config = { 0 };
	const char *type = NULL;
	int r = read_policy_file(tree, content, CONFIG, &config, err);

	if (r < 0)
		return r;
	if (r > 0) {
		char *text = cfs_buf_text(&config);

		type = text ? policy_type(text) : NULL;
	}
	if (cfs_buf_check(&config, err) < 0)
		return -err->code;
	if (type)
		return cfs_fail(err, ENOTSUP,
				"/" CONFIG " names the policy '%s', and this "
				"build cannot make SELinux labels: without "
				"them the digest would be another one",
				type);
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		r = without_label(tree, n, err);
		if (r < 0)
			return r;
	}
	return 0;
}
