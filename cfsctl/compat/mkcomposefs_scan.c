/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A directory as mkcomposefs reads it, with or without a digest store. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/inside.h"
#include "base/io.h"
#include "cfsctl/compat/programs.h"
#include "fsverity/digester.h"
#include "repo/keeper.h"
#include "repo/object.h"
#include "tree/scan.h"

/* @store: NULL when digests are all that is wanted. */
static int scan_dir(int dir, unsigned flags, unsigned threads,
		    struct cfs_store *store, struct cfs_tree **ret,
		    struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	struct cfs_scan scan = { .flags = flags };
	struct cfs_keeper keeper;
	int r;

	if (store)
		cfs_store_keeper(store, &keeper);
	r = cfs_digester_new(CFS_ALG_SHA256, threads, store ? &keeper : NULL,
			     &digester, err);
	if (r < 0)
		return r;
	scan.digester = digester;
	return cfs_tree_scan(dir, &scan, ret, err);
}

/* mkdir -p; what is there already is looked at when it is opened. */
static int make_dirs(const char *path, struct cfs_err *err)
{
	CFS_AUTOFREE char *copy = strdup(path);

	if (!copy)
		return cfs_no_memory(err);
	for (char *at = copy; at;) {
		char *slash = strchr(at + 1, '/');

		if (slash)
			*slash = '\0';
		if (*at && mkdir(copy, 0755) < 0 && errno != EEXIST)
			return cfs_fail_errno(err, "make the directory %s",
					      copy);
		if (slash)
			*slash = '/';
		at = slash;
	}
	return 0;
}

static int open_store(const char *path, int *ret_dir, struct cfs_store *ret,
		      struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	int r;

	/* An empty name is the current directory, as mkcomposefs joins it. */
	if (*path == '\0')
		path = ".";
	r = make_dirs(path, err);
	if (r < 0)
		return r;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cfs_fail_errno(err, "open %s", path);
	r = cfs_store_open_plain(dir, CFS_ALG_SHA256, ret, err);
	*ret_dir = cfs_steal_fd(&dir);
	return r;
}

static int store_file(int dir, const struct cfs_tree *tree,
		      const struct cfs_node *node, struct cfs_store *store,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;

	if (!cfs_node_digest(tree, node, &id))
		return 0;
	cfs_node_path(node, &path);
	if (!cfs_buf_text(&path))
		return cfs_no_memory(err);
	/* It begins with a slash; what is no file any more is not opened. */
	fd = cfs_openat2(dir, (char *)path.data + 1, O_RDONLY | O_NONBLOCK, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return cfs_fail(err, -fd, "%s", strerror(-fd));
	return cfs_object_add_copy(store, fd, node->size, &id, err);
}

static int store_files(int dir, const struct cfs_tree *tree,
		       struct cfs_store *store, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	int r = 0;

	for (struct cfs_node *n = tree->root; n && r == 0;
	     n = cfs_node_walk(tree->root, n)) {
		if (!cfs_node_is_external(n))
			continue;
		r = store_file(dir, tree, n, store, err);
		if (r < 0)
			cfs_ctx(err, "%s", cfs_node_name(n, name));
	}
	return r;
}

static int scan_into_store(int dir, unsigned flags, unsigned threads,
			   const char *path, struct cfs_tree **ret,
			   struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int store_dir = -EBADF;
	int below = cfs_is_inside(path, dir, err), r = below;

	/* What is being read must not grow meanwhile: files are then read a
	 * second time, when the tree is known. */
	if (below > 0)
		r = scan_dir(dir, flags, threads, NULL, &tree, err);
	if (r < 0)
		return r;
	if (open_store(path, &store_dir, &store, err) < 0)
		return cfs_ctx(err, "digest store %s", path);
	r = below ? store_files(dir, tree, &store, err)
		  : scan_dir(dir, flags, threads, &store, &tree, err);
	if (r == 0)
		r = cfs_store_flush(&store, err);
	if (r == 0)
		*ret = cfs_steal_ptr(&tree);
	return r;
}

int cmd_mkcomposefs_scan(const char *path, unsigned flags, const char *store,
			 unsigned threads, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	const unsigned both = CFS_SCAN_NO_XATTRS | CFS_SCAN_USER_XATTRS;
	CFS_AUTOFD int dir = -EBADF;

	if ((flags & both) == both)
		return cfs_fail(err, EINVAL, "%s", strerror(EINVAL));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cfs_fail(err, errno, "%s", strerror(errno));
	if (store)
		return scan_into_store(dir, flags, threads, store, ret, err);
	return scan_dir(dir, flags, threads, NULL, ret, err);
}
