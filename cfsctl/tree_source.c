/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/tree_source.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/io.h"
#include "boot/transform.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/progress.h"
#include "erofs/loss.h"
#include "fsverity/merkle.h"
#include "tree/dump/dump.h"

/* No policy file of a known distribution comes near this, in bytes. */
#define POLICY_MAX (64u << 20)

const char *const cmd_source_xattrs[] = { "allowlist-only", "keep-user-xattrs",
					  NULL };

int cmd_source_filter(const char *text, void *to, struct cfs_err *err)
{
	enum cfs_xattr_filter *ret = to;

	(void)err;
	*ret = strcmp(text, cmd_source_xattrs[0]) == 0 ? CFS_XATTRS_ALLOWLIST
						       : CFS_XATTRS_KEEP_USER;
	return 0;
}

int cmd_source_operand(struct cfs_tree_source *source,
		       const struct cfs_call *call)
{
	source->path = source->dumpfile ? NULL : call->operand[0];
	return source->path ? 1 : 0;
}

static int read_dumpfile(const char *path, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r;

	if (strcmp(path, "-") == 0) {
		r = cfs_dump_read_fd(STDIN_FILENO, 0, ret, err);
		return r < 0 ? cfs_ctx(err, "read dumpfile from stdin") : 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cfs_fail_errno(err, "open %s", path);
	r = cfs_dump_read_fd(fd, 0, ret, err);
	return r < 0 ? cfs_ctx(err, "read dumpfile %s", path) : 0;
}

/* Reads a file of the tree from the directory it was scanned from. */
static int read_content(void *ctx, const struct cfs_tree *tree,
			const struct cfs_node *node, struct cfs_buf *ret,
			struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	const int *root = ctx;
	struct cfs_digest want, have;
	size_t start = ret->len;
	int r;

	cfs_node_path(node, &path);
	if (!cfs_buf_text(&path))
		return cfs_no_memory(err);
	if (*root < 0)
		return cfs_fail(err, ENOENT,
				"%s is needed for SELinux labels, and a "
				"dumpfile does not have its content",
				(char *)path.data);
	/* The path begins with a slash; a link planted meanwhile is refused. */
	fd = cfs_openat2(*root, (char *)path.data + 1, O_RDONLY | O_NONBLOCK, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	r = fd < 0 ? fd : cfs_read_all(fd, POLICY_MAX, ret);
	if (r < 0)
		return cfs_fail(err, -r, "read %s: %s", (char *)path.data,
				strerror(-r));
	if (!cfs_node_digest(tree, node, &want))
		return 0;
	r = cfs_verity_digest_bytes(
		want.alg,
		(struct cfs_bytes){ ret->data + start, ret->len - start },
		&have, err);
	if (r == 0 && !cfs_digest_equal(&want, &have))
		return cfs_fail(err, ESTALE, "%s changed while it was read",
				(char *)path.data);
	return r;
}

/* Does any file have @key with the value "y"? */
static bool says_yes(const struct cfs_tree *tree, const char *key)
{
	const struct cfs_bytes name = { (const uint8_t *)key, strlen(key) };
	const struct cfs_bytes yes = { (const uint8_t *)"y", 1 };

	return cfs_xattr_find(&tree->xattrs, name, yes);
}

/* Directories that are opaque to overlayfs, when the attributes that say so
 * are about to be dropped. */
static void warn_of_opaque(const struct cfs_tree_source *source,
			   const struct cfs_tree *tree)
{
	static const char *const keys[] = { "trusted.overlay.opaque",
					    "user.overlay.opaque" };
	size_t n = source->filter == CFS_XATTRS_KEEP_USER ? 1 : 2;

	for (size_t i = 0; i < n; i++) {
		if (says_yes(tree, keys[i]))
			fprintf(stderr,
				"warning: xattr %s is dropped, so opaque "
				"directories will not hide files of lower "
				"layers; --no-propagate-usr-to-root keeps "
				"all xattrs\n",
				keys[i]);
	}
}

static int no_usr(struct cfs_err *err)
{
	return cfs_fail(err, ENOENT,
			"there is no /usr to take the root directory's mode, "
			"owner, time and xattrs from: "
			"--no-propagate-usr-to-root leaves it as it is");
}

/* What can be told of a directory without reading it. */
static int check_directory(const struct cfs_tree_source *source, int root,
			   struct cfs_err *err)
{
	struct stat st;

	if (!source->as_is &&
	    fstatat(root, "usr", &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return no_usr(err);
	if (!source->bootable)
		return 0;
	return cmd_check_bootable(root, source->path, source->lint,
				  source->mountpoints, err);
}

static int transform(const struct cfs_tree_source *source,
		     struct cfs_tree *tree, int root, struct cfs_err *err)
{
	const struct cfs_content content = { read_content, &root };
	int r = 0;

	if (!source->as_is)
		warn_of_opaque(source, tree);
	if (source->mountpoints)
		r = cfs_transform_mountpoints(tree, err);
	if (r == 0 && !source->as_is)
		r = cfs_transform_oci(tree, source->filter, err);
	/* The one thing that the transform cannot find. */
	if (r == -ENOENT)
		return no_usr(err);
	if (r == 0 && source->bootable)
		r = cfs_transform_boot(tree, &content, err);
	if (r == 0 && source->clamp.on)
		cfs_transform_clamp(tree, source->clamp.seconds);
	return r;
}

static void count_file(void *progress, uint64_t bytes)
{
	(void)bytes; /* the digester counts those, when it has read them */
	cmd_progress_file(progress);
}

static int scan(const struct cfs_tree_source *source, int root,
		struct cfs_digester *digester, const char *what,
		struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	const struct cfs_scan scan = { .digester = digester,
				       .seen = count_file,
				       .ctx = &progress };
	int r;

	cmd_progress_start(&progress, what, 0, source->path);
	cfs_digester_count(digester, cmd_progress_counter(&progress));
	r = cfs_tree_scan(root, &scan, ret, err);
	cfs_digester_count(digester, NULL);
	return r;
}

int cmd_source_read(const struct cfs_tree_source *source,
		    struct cfs_digester *digester, const char *what,
		    struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOFD int root = -EBADF;
	int r;

	if (source->mountpoints && !source->bootable)
		return cfs_fail(err, CFS_EUSAGE,
				"--make-mountpoints is for images with "
				"--bootable");
	if (source->dumpfile) {
		r = read_dumpfile(source->dumpfile, &tree, err);
	} else {
		root = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return cfs_fail_errno(err, "open %s", source->path);
		r = check_directory(source, root, err);
		if (r == 0)
			r = scan(source, root, digester, what, &tree, err);
	}
	if (r == 0)
		r = transform(source, tree, root, err);
	if (r < 0)
		return source->path ? cfs_ctx(err, "read %s", source->path) : r;
	*ret = cfs_steal_ptr(&tree);
	return 0;
}

/* Writes "/PATH (and 2 more)". */
static const char *names(const struct cfs_node *first, uint64_t n,
			 struct cfs_buf *ret)
{
	char name[CFS_NODE_NAME_MAX];

	cfs_buf_adds(ret, cfs_node_name(first, name));
	if (n > 1)
		cfs_buf_addf(ret, " (and %llu more)",
			     (unsigned long long)n - 1);
	return cfs_buf_text(ret) ? (char *)ret->data : "some files";
}

void cmd_source_warn(const struct cfs_tree *tree, unsigned format)
{
	CFS_AUTOBUF struct cfs_buf opaque = { 0 }, whiteouts = { 0 };
	struct cfs_erofs_loss loss;

	cfs_erofs_find_loss(tree, format, &loss);
	if (loss.opaque_dir)
		cmd_line(stderr,
			 "warning: %s: format 1 does not keep an opaque "
			 "directory that holds whiteouts: files of lower "
			 "layers will show through; delete its whiteouts, "
			 "which have no effect in an opaque directory",
			 names(loss.opaque_dir, loss.opaque, &opaque));
	if (loss.whiteout)
		cmd_line(stderr,
			 "warning: %s: a mounted image of format %u shows "
			 "whiteouts as %s, and they delete nothing from lower "
			 "layers; use --erofs-version 1",
			 names(loss.whiteout, loss.whiteouts, &whiteouts),
			 format,
			 format == 0 ? "empty files (since Linux 6.8)"
				     : "files that cannot be opened");
}
