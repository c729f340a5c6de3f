/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/tree_source.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "tree/dump.h"

/* No policy file of a known distribution comes near this, in bytes. */
#define POLICY_MAX (64u << 20)

int cmd_source_check(struct cfs_source *source, struct cfs_err *err)
{
	const char *mode = source->xattrs;

	if (!mode || strcmp(mode, "allowlist-only") == 0)
		source->filter = CFS_XATTRS_ALLOWLIST;
	else if (strcmp(mode, "keep-user-xattrs") == 0)
		source->filter = CFS_XATTRS_KEEP_USER;
	else
		return cfs_fail(err, CFS_EUSAGE,
				"--xattrs: invalid xattr filtering mode \"%s\" "
				"(expected \"allowlist-only\" or "
				"\"keep-user-xattrs\")",
				mode);
	return cmd_parse_threads(source->threads_text, &source->threads, err);
}

int cmd_source_operands(struct cfs_source *source, int argc, char **argv,
			int max, struct cfs_err *err)
{
	int first = source->dumpfile ? 0 : 1, r;

	r = cmd_operands(argc, first, max - 1 + first, err);
	if (r == 0)
		r = cmd_source_check(source, err);
	if (r < 0)
		return r;
	source->path = first ? argv[1] : NULL;
	return 1 + first;
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
		return cfs_fail(err, ENOMEM, "out of memory");
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

static int transform(const struct cfs_source *source, struct cfs_tree *tree,
		     int root, struct cfs_err *err)
{
	const struct cfs_content content = { read_content, &root };
	int r = 0;

	if (!source->as_is)
		r = cfs_transform_oci(tree, source->filter, err);
	/* The one thing that the transform cannot find. */
	if (r == -ENOENT)
		return cfs_fail(err, ENOENT,
				"there is no /usr to take the root directory's "
				"mode, owner, time and xattrs from: "
				"--no-propagate-usr-to-root leaves it as it "
				"is");
	if (r == 0 && source->bootable)
		r = cfs_transform_boot(tree, &content, err);
	return r;
}

int cmd_source_read(const struct cfs_source *source,
		    struct cfs_digester *digester,
		    void (*seen)(void *ctx, uint64_t bytes), void *ctx,
		    struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_scan scan = { .digester = digester,
				       .seen = seen,
				       .ctx = ctx };
	CFS_AUTOFD int root = -EBADF;
	int r;

	if (source->dumpfile) {
		r = read_dumpfile(source->dumpfile, &tree, err);
	} else {
		root = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return cfs_fail_errno(err, "open %s", source->path);
		r = cfs_tree_scan(root, &scan, &tree, err);
	}
	if (r == 0)
		r = transform(source, tree, root, err);
	if (r < 0)
		return source->path ? cfs_ctx(err, "read %s", source->path) : r;
	*ret = cfs_steal_ptr(&tree);
	return 0;
}
