/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/etc_write.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "ops/boot_copy.h"
#include "ops/etc_side.h"
#include "repo/copy.h"
#include "repo/dir.h"
#include "repo/object.h"

#define BLOCK 4096

/* A tree that is written. */
struct job {
	const struct cfs_etc_write *w;
	struct cfs_tree *tree;
	int top; /* the directory of its root */
	struct cfs_clones clones;
};

uint64_t cfs_etc_space(const struct cfs_etc_merged *merged)
{
	struct cfs_node *root = merged->tree->root;
	uint64_t sum = 0;

	for (struct cfs_node *n = root; n; n = cfs_node_walk(root, n)) {
		uint64_t size = S_ISREG(n->mode) ? n->size : 0;

		sum += (size / BLOCK + 1) * BLOCK;
	}
	return sum;
}

static int set_xattrs(const char *path, const struct cfs_node *node,
		      struct cfs_err *err)
{
	const struct cfs_xattrs *list = node->xattrs;

	for (uint32_t i = 0; list && i < list->n; i++) {
		const struct cfs_xattr *x = list->v[i];

		if (cfs_etc_is_overlay(x->key))
			continue;
		if (setxattr(path, x->key, x->value, x->value_len, 0) < 0)
			return cfs_fail_errno(err, "set the attribute %s",
					      x->key);
	}
	return 0;
}

/* Owner first: a change of owner takes set-id bits and capabilities away. */
static int set_attributes(int fd, const struct cfs_node *node,
			  struct cfs_err *err)
{
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)node->mtime_sec,
		  .tv_nsec = (long)node->mtime_nsec },
	};
	char path[CFS_FD_PATH_MAX];
	int r;

	cfs_fd_path(fd, path);
	if (fchownat(fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0)
		return cfs_fail_errno(err, "change the owner");
	if (!S_ISLNK(node->mode) && chmod(path, node->mode & 07777) < 0)
		return cfs_fail_errno(err, "change the mode");
	r = set_xattrs(path, node, err);
	if (r < 0)
		return r;
	if (utimensat(fd, "", times, AT_EMPTY_PATH) < 0)
		return cfs_fail_errno(err, "change the time");
	return 0;
}

/* Opens the file of users that @node was read from. */
static int open_users(const struct job *job, const struct cfs_node *node,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	char *text;
	int fd;

	cfs_node_path(node, &path);
	text = cfs_buf_text(&path);
	if (!text)
		return cfs_no_memory(err);
	fd = cfs_open_regular(job->w->users, text + 1, NULL);
	return fd < 0 ? cfs_fail_code(err, fd, "open") : fd;
}

static int copy_content(struct job *job, struct cfs_node *node, int to,
			struct cfs_err *err)
{
	const struct cfs_node *users = job->w->merged->from.v[node->seq];
	CFS_AUTOFD int from = -EBADF;
	struct cfs_digest id;
	int r = cfs_boot_digest(job->tree, node, job->tree->alg, &id, err);

	if (r < 0)
		return r;
	from = users ? open_users(job, users, err)
		     : cfs_object_require(job->w->objects, &id, err);
	if (from < 0)
		return from;
	r = cfs_copy_known(from, node->size, to, &id, &job->clones, err);
	if (r != CFS_COPIED)
		return r < 0 ? r : 0;
	r = cfs_object_check(to, &id, err);
	return r == -EBADMSG
		       ? cfs_fail(err, ESTALE, "changed while it was copied")
	       : r < 0 ? r
		       : 0;
}

static int write_file(struct job *job, int dir, struct cfs_node *node,
		      struct cfs_err *err)
{
	CFS_AUTOFD int fd = openat(
		dir, node->name,
		O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = 0;

	if (fd < 0)
		return cfs_fail_errno(err, "create");
	if (cfs_node_is_external(node))
		r = copy_content(job, node, fd, err);
	else if (node->size > 0)
		r = cfs_copy_bytes(cfs_node_bytes(node), fd, err);
	return r < 0 ? r : set_attributes(fd, node, err);
}

static int write_special(int dir, struct cfs_node *node, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;

	/* Whiteouts have no attributes, and need no privileges. */
	if (S_ISLNK(node->mode)
		    ? symlinkat(node->file.data, dir, node->name)
		    : mknodat(dir, node->name, node->mode & S_IFMT, node->rdev))
		return cfs_fail_errno(err, "create");
	if (cfs_node_is_whiteout(node))
		return 0;
	fd = openat(dir, node->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return cfs_fail_errno(err, "open");
	return set_attributes(fd, node, err);
}

/* The first name of the inode comes first, so it exists. */
static int write_link(const struct job *job, int dir,
		      const struct cfs_node *node, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	char *text;

	cfs_node_path(node->link, &path);
	text = cfs_buf_text(&path);
	if (!text)
		return cfs_no_memory(err);
	if (linkat(job->top, text + 1, dir, node->name, 0) < 0)
		return cfs_fail_errno(err, "link to %s", text);
	return 0;
}

static int write_dir(struct job *job, int dir, struct cfs_node *node,
		     struct cfs_err *err);

static int write_node(struct job *job, int dir, struct cfs_node *node,
		      struct cfs_err *err)
{
	if (node->flags & CFS_NODE_LINK)
		return write_link(job, dir, node, err);
	if (S_ISREG(node->mode))
		return write_file(job, dir, node, err);
	return write_special(dir, node, err);
}

static int write_children(struct job *job, int dir, struct cfs_node *parent,
			  struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	int r = 0;

	for (struct cfs_node *n = parent->dir.first; r == 0 && n; n = n->next) {
		if (cfs_node_is_dir(n))
			r = write_dir(job, dir, n, err);
		else if (write_node(job, dir, n, err) < 0)
			return cfs_ctx(err, "/etc%s", cfs_node_name(n, name));
	}
	return r;
}

/* The attributes come last: writing changes the time, and the mode may forbid
 * it. */
static int write_dir(struct job *job, int parent, struct cfs_node *node,
		     struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	CFS_AUTOFD int dir = -EBADF;

	if (mkdirat(parent, node->name, 0700) < 0)
		return cfs_fail_errno(err, "make the directory /etc%s",
				      cfs_node_name(node, name));
	dir = cfs_dir_open(parent, node->name);
	if (dir < 0)
		return cfs_fail_code(err, dir, "open the directory /etc%s",
				     cfs_node_name(node, name));
	if (write_children(job, dir, node, err) < 0)
		return -err->code;
	if (set_attributes(dir, node, err) < 0)
		return cfs_ctx(err, "/etc%s", cfs_node_name(node, name));
	return 0;
}

int cfs_etc_write(const struct cfs_etc_write *write, int dir,
		  struct cfs_err *err)
{
	struct cfs_tree *tree = write->merged->tree;
	struct job job = { .w = write, .tree = tree, .top = dir };
	int r = write_children(&job, dir, tree->root, err);

	if (r < 0)
		return r;
	r = set_attributes(dir, tree->root, err);
	return r < 0 ? cfs_ctx(err, "/etc") : 0;
}
