/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/tree_source.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/inside.h"
#include "base/io.h"
#include "boot/transform.h"
#include "erofs/loss.h"
#include "fsverity/merkle.h"
#include "tree/dump/dump.h"
#include "tree/scan.h"

/* No policy file of a known distribution comes near this, in bytes. */
#define POLICY_MAX (64u << 20)

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

/* Notes directories that are opaque to overlayfs if the attributes that say so
 * are about to be dropped. */
static void note_opaque(const struct cfs_tree_source *source,
			const struct cfs_tree *tree,
			const struct cfs_notes *notes)
{
	static const char *const keys[] = { "trusted.overlay.opaque",
					    "user.overlay.opaque" };
	size_t n = source->filter == CFS_XATTRS_KEEP_USER ? 1 : 2;

	for (size_t i = 0; i < n; i++) {
		const struct cfs_note note = { .code = CFS_NOTE_OPAQUE_XATTR,
					       .what = keys[i] };

		if (says_yes(tree, keys[i]))
			cfs_notes_add(notes, &note);
	}
}

static int no_usr(struct cfs_err *err)
{
	return cfs_fail(err, ENOENT,
			"there is no /usr to take the root directory's mode, "
			"owner, time and xattrs from: "
			"--no-propagate-usr-to-root leaves it as it is");
}

/* Checks what can be told of a directory before it is read. */
static int check_directory(const struct cfs_tree_source *source, int root,
			   const struct cfs_notes *notes, struct cfs_err *err)
{
	const struct cfs_root params = { .path = source->path,
					 .lint = source->lint,
					 .made = source->mountpoints,
					 .notes = notes };
	struct stat st;

	if (!source->as_is &&
	    fstatat(root, "usr", &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return no_usr(err);
	if (!source->bootable)
		return 0;
	return cfs_check_bootable(root, &params, err);
}

static int transform(const struct cfs_tree_source *source,
		     struct cfs_tree *tree, int root,
		     const struct cfs_notes *notes, struct cfs_err *err)
{
	const struct cfs_content content = { read_content, &root };
	int r = 0;

	if (!source->as_is)
		note_opaque(source, tree, notes);
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

static void count_file(void *ctx, uint64_t bytes)
{
	const struct cfs_watch *const *watch = ctx;

	(void)bytes; /* the digester counts those, when it has read them */
	(*watch)->file((*watch)->arg);
}

static int scan(const struct cfs_tree_source *source, int root,
		struct cfs_digester *digester, const struct cfs_watch *watch,
		struct cfs_tree **ret, struct cfs_err *err)
{
	const struct cfs_scan scan = { .flags = source->exec_objects
							? CFS_SCAN_EXEC_OBJECTS
							: 0,
				       .digester = digester,
				       .seen = watch ? count_file : NULL,
				       .ctx = &watch };
	int r;

	cfs_digester_count(digester, cfs_watch_begin(watch, source->path));
	r = cfs_tree_scan(root, &scan, ret, err);
	cfs_digester_count(digester, NULL);
	cfs_watch_end(watch);
	return r;
}

int cfs_tree_source_read(const struct cfs_tree_source *source,
			 struct cfs_digester *digester,
			 const struct cfs_watch *watch,
			 const struct cfs_notes *notes, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOFD int root = -EBADF;
	int r;

	if (source->dumpfile) {
		r = read_dumpfile(source->dumpfile, &tree, err);
	} else {
		root = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return cfs_fail_errno(err, "open %s", source->path);
		r = check_directory(source, root, notes, err);
		if (r == 0)
			r = scan(source, root, digester, watch, &tree, err);
	}
	if (r == 0)
		r = transform(source, tree, root, notes, err);
	if (r < 0)
		return source->path ? cfs_ctx(err, "read %s", source->path) : r;
	*ret = cfs_steal_ptr(&tree);
	return 0;
}

int cfs_tree_source_hash(const struct cfs_tree_source *source, enum cfs_alg alg,
			 const struct cfs_watch *watch,
			 const struct cfs_notes *notes, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	int r = cfs_digester_new(alg, source->threads, NULL, &digester, err);

	return r < 0 ? r
		     : cfs_tree_source_read(source, digester, watch, notes, ret,
					    err);
}

/* A scan that reaches the repository to which it adds objects would not end. */
int cfs_tree_source_check_place(const struct cfs_tree_source *source,
				const char *repo, struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	const char *path = source->path;
	int r;

	if (!path)
		return 0;
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cfs_fail_errno(err, "read %s: open %s", path, path);
	r = cfs_is_inside(repo, dir, err);
	if (r > 0)
		return cfs_fail(err, EINVAL,
				"the repository %s is inside %s, and would "
				"become part of the image: use one elsewhere",
				repo, path);
	return r;
}

void cfs_note_losses(const struct cfs_tree *tree, unsigned format,
		     const struct cfs_notes *notes)
{
	struct cfs_note note = { .format = format };
	char name[CFS_NODE_NAME_MAX];
	struct cfs_erofs_loss loss;

	cfs_erofs_find_loss(tree, format, &loss);
	if (loss.opaque_dir) {
		note.code = CFS_NOTE_OPAQUE_LOST;
		note.where = cfs_node_name(loss.opaque_dir, name);
		note.n = loss.opaque;
		cfs_notes_add(notes, &note);
	}
	if (loss.whiteout) {
		note.code = CFS_NOTE_WHITEOUTS;
		note.where = cfs_node_name(loss.whiteout, name);
		note.n = loss.whiteouts;
		cfs_notes_add(notes, &note);
	}
}
