/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Works on text, as the kernel does: a link's target is put in front of what is
 * left of the path.  The buffer of CFS_TARGET_MAX bytes and the count of links
 * bound what a hostile image can cost.
 */
#include "tree/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct walk {
	const struct cfs_tree *tree;
	const char *path; /* for messages */
	struct cfs_node *at;
	unsigned links;
	char rest[CFS_TARGET_MAX + 1]; /* what is left of the path */
};

/* Moves the first component of the rest to @name.  Returns false at the end. */
static bool next_name(struct walk *w, char name[static CFS_TARGET_MAX + 1])
{
	const char *from = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(from, "/");

	memcpy(name, from, len);
	name[len] = '\0';
	memmove(w->rest, from + len, strlen(from + len) + 1);
	return len > 0;
}

/* Puts the target of the symbolic link @link before the rest. */
static int follow(struct walk *w, const struct cfs_node *link,
		  struct cfs_err *err)
{
	struct cfs_bytes target = cfs_node_bytes(link);
	size_t rest = strlen(w->rest);

	if (++w->links > CFS_RESOLVE_LINKS_MAX)
		return cfs_fail(err, ELOOP,
				"%s: more than %d symbolic links in the image",
				w->path, CFS_RESOLVE_LINKS_MAX);
	if (target.len + rest > CFS_TARGET_MAX)
		return cfs_fail(err, ENAMETOOLONG,
				"%s: a symbolic link in the image makes it "
				"longer than %d bytes",
				w->path, CFS_TARGET_MAX);
	memmove(w->rest + target.len, w->rest, rest + 1);
	memcpy(w->rest, target.data, target.len);
	if (target.len > 0 && target.data[0] == '/')
		w->at = w->tree->root;
	return 0;
}

/* Takes one component.  Returns 1, or 0 if it leads nowhere. */
static int step(struct walk *w, const char *name, struct cfs_err *err)
{
	struct cfs_node *node;
	int r;

	if (!cfs_node_is_dir(w->at))
		return 0;
	if (strcmp(name, ".") == 0)
		return 1;
	if (strcmp(name, "..") == 0) {
		w->at = w->at->parent ? w->at->parent : w->at;
		return 1;
	}
	node = cfs_node_child(w->at, name);
	if (!node)
		return 0;
	node = cfs_node_inode(node);
	if (!S_ISLNK(node->mode)) {
		w->at = node;
		return 1;
	}
	r = follow(w, node, err);
	return r < 0 ? r : 1;
}

int cfs_tree_resolve(const struct cfs_tree *tree, const char *path,
		     struct cfs_node **ret, struct cfs_err *err)
{
	struct walk w = { .tree = tree, .path = path, .at = tree->root };
	char name[CFS_TARGET_MAX + 1];
	int r = 1;

	if (strlen(path) > CFS_TARGET_MAX)
		return cfs_fail(err, ENAMETOOLONG,
				"a path in the image is longer than %d bytes",
				CFS_TARGET_MAX);
	strcpy(w.rest, path);
	while (r > 0 && next_name(&w, name))
		r = step(&w, name, err);
	if (r > 0)
		*ret = w.at;
	return r;
}
