/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/transform.h"

#include <string.h>

int cfs_transform_dir(const struct cfs_tree *tree, const char *name,
		      struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_node *node = cfs_node_child(tree->root, name);

	if (!node)
		return cfs_fail(err, ENOENT, "there is no /%s", name);
	if (!cfs_node_is_dir(node))
		return cfs_fail(err, ENOTDIR, "/%s is not a directory", name);
	*ret = node;
	return 0;
}

/* Labels, ACLs and other attributes depend on how and where a container was
 * unpacked; capabilities come with the layer. */
static bool is_kept(const struct cfs_xattr *x, enum cfs_xattr_filter filter)
{
	return strcmp(x->key, "security.capability") == 0 ||
	       (filter == CFS_XATTRS_KEEP_USER &&
		strncmp(x->key, "user.", strlen("user.")) == 0);
}

static int filter_list(struct cfs_tree *tree, const struct cfs_xattrs *list,
		       enum cfs_xattr_filter filter,
		       const struct cfs_xattrs **ret, struct cfs_err *err)
{
	CFS_AUTOFREE const struct cfs_xattr **kept =
		calloc(list->n, sizeof(*kept));
	size_t n = 0;

	if (!kept)
		return cfs_no_memory(err);
	for (size_t i = 0; i < list->n; i++) {
		if (is_kept(list->v[i], filter))
			kept[n++] = list->v[i];
	}
	return cfs_xattrs_add(&tree->xattrs, kept, n, ret, err);
}

int cfs_transform_xattrs(struct cfs_tree *tree, enum cfs_xattr_filter filter,
			 struct cfs_err *err)
{
	const struct cfs_xattrs *last = NULL, *kept = NULL;

	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		if (!n->xattrs)
			continue;
		/* Neighbours mostly share one list. */
		if (n->xattrs != last) {
			int r = filter_list(tree, n->xattrs, filter, &kept,
					    err);

			if (r < 0)
				return r;
			last = n->xattrs;
		}
		n->xattrs = kept;
	}
	return 0;
}

/* However an image was unpacked, its tree must be the same.  Not every image
 * has an entry for the root, and containers and their tools leave files in
 * /run: so the root takes after /usr, and /run is emptied. */
int cfs_transform_oci(struct cfs_tree *tree, enum cfs_xattr_filter filter,
		      struct cfs_err *err)
{
	struct cfs_node *root = tree->root, *usr = NULL, *run;
	int r = cfs_transform_dir(tree, "usr", &usr, err);

	if (r < 0)
		return r;
	run = cfs_node_child(root, "run");
	if (run && !cfs_node_is_dir(run))
		return cfs_fail(err, ENOTDIR, "/run is not a directory");
	root->mode = usr->mode;
	root->uid = usr->uid;
	root->gid = usr->gid;
	root->mtime_sec = usr->mtime_sec;
	root->mtime_nsec = usr->mtime_nsec;
	root->xattrs = usr->xattrs;
	if (run) {
		run->mtime_sec = usr->mtime_sec;
		run->mtime_nsec = usr->mtime_nsec;
		cfs_node_clear(tree, run);
	}
	r = cfs_tree_finish(tree, err);
	return r < 0 ? r : cfs_transform_xattrs(tree, filter, err);
}

void cfs_transform_clamp(struct cfs_tree *tree, int64_t seconds)
{
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		if (n->mtime_sec < seconds ||
		    (n->mtime_sec == seconds && n->mtime_nsec == 0))
			continue;
		n->mtime_sec = seconds;
		n->mtime_nsec = 0;
	}
}
