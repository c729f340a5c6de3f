/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "erofs/reader.h"
#include "fsverity/measure.h"
#include "fsverity/merkle.h"
#include "repo/fsck_run.h"
#include "repo/image.h"
#include "repo/object.h"

/* A file of an image that needs an object. */
struct need {
	struct cfs_digest id;
	const struct cfs_node *node;
};

struct image {
	struct cfs_fsck_run *run;
	const char *path;
	const struct cfs_tree *tree;
	struct cfs_buf needs; /* struct need */
	bool sane;
};

static void invalid(struct image *image, const struct cfs_node *node,
		    const char *fmt, ...) CFS_PRINTF(3, 4);

static void invalid(struct image *image, const struct cfs_node *node,
		    const char *fmt, ...)
{
	char name[CFS_NODE_NAME_MAX], text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cfs_fsck_found(image->run, "image-invalid: %s: %s: %s", image->path,
		       cfs_node_name(node, name), text);
	image->sane = false;
}

/* The digest that a backing path is made of: "xx/" and the other digits. */
static bool id_of_path(const char *path, struct cfs_digest *ret)
{
	size_t len = strlen(path);
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err ignored;

	if (len < 4 || len > sizeof(hex) || path[2] != '/')
		return false;
	memcpy(hex, path, 2);
	memcpy(hex + 2, path + 3, len - 3);
	return cfs_digest_from_hex(hex, len - 1, ret, &ignored) == 0;
}

/*
 * overlayfs opens what the backing path names and compares it with the digest;
 * a file that has neither reads as zeros.
 */
static void add_need(struct image *image, const struct cfs_node *node)
{
	enum cfs_alg alg = image->run->repo->meta.alg;
	char room[CFS_OBJECT_PATH_MAX];
	const char *path = cfs_node_backing(image->tree, node, room);
	struct need need = { .node = node };
	struct cfs_digest named;
	bool digest = cfs_node_digest(image->tree, node, &need.id);

	if (!path && !digest)
		return;
	if (path && !id_of_path(path, &named)) {
		invalid(image, node, "its content is %.400s, no object", path);
		return;
	}
	if (!digest)
		need.id = named;
	if (need.id.alg != alg)
		invalid(image, node, "its object is of %s, not %s",
			cfs_alg_name(need.id.alg), cfs_alg_name(alg));
	else if (path && !cfs_digest_equal(&named, &need.id))
		invalid(image, node, "its content is %.200s, not its digest",
			path);
	else
		cfs_buf_add(&image->needs, &need, sizeof(need));
}

/* By object, then by size: those that are needed alike stand together. */
static int compare(const void *a, const void *b)
{
	const struct need *x = a, *y = b;
	int r = memcmp(x->id.bytes, y->id.bytes, CFS_DIGEST_MAX);

	return r ? r
		 : (x->node->size > y->node->size) -
			       (x->node->size < y->node->size);
}

/* Whose fault is the size? */
static bool object_is_right(struct image *image, const struct need *need)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err err;

	return cfs_object_open(image->run->objects, &need->id, &fd, &err) ==
		       1 &&
	       cfs_object_check(fd, &need->id, &err) >= 0;
}

static void look_at_object(struct image *image, const struct need *need,
			   bool seen)
{
	char path[CFS_OBJECT_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];
	struct cfs_fsck_run *run = image->run;
	struct stat st;

	cfs_digest_to_path(&need->id, path);
	cfs_digest_to_hex(&need->id, hex);
	if (run->objects < 0 ||
	    fstatat(run->objects, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (seen)
			return;
		cfs_fsck_found(run, "image-missing-object: %s: %s", image->path,
			       hex);
		run->count.missing_objects++;
		return;
	}
	/* What is wrong with objects, the look at all of them tells. */
	if ((uint64_t)st.st_size != need->node->size &&
	    object_is_right(image, need))
		invalid(image, need->node,
			"it has %" PRIu64 " bytes, its object %s %" PRIu64,
			need->node->size, hex, (uint64_t)st.st_size);
}

static void look_at_objects(struct image *image)
{
	struct need *needs = (struct need *)image->needs.data;
	size_t n = image->needs.len / sizeof(*needs);

	if (n > 0)
		qsort(needs, n, sizeof(*needs), compare);
	for (size_t i = 0; i < n; i++) {
		bool seen = i > 0 &&
			    cfs_digest_equal(&needs[i].id, &needs[i - 1].id);

		if (!seen || needs[i].node->size != needs[i - 1].node->size)
			look_at_object(image, &needs[i], seen);
	}
}

/* The bytes are @bytes, and the file is @fd. */
static int check_digest(int fd, struct cfs_bytes bytes,
			const struct cfs_digest *id, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest have;
	int r = cfs_verity_measure(fd, &have, err);

	if (r == 0)
		r = cfs_verity_digest_bytes(id->alg, bytes, &have, err);
	if (r < 0 || cfs_digest_equal(&have, id))
		return r < 0 ? r : 0;
	cfs_digest_to_hex(&have, hex);
	return cfs_fail(err, EBADMSG, "its digest is %s", hex);
}

static bool check_content(struct image *image, struct cfs_bytes bytes)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err err;

	if (cfs_erofs_read(bytes, 0, &tree, NULL, &err) < 0) {
		cfs_fsck_found(image->run, "image-invalid: %s: %s", image->path,
			       err.msg);
		return false;
	}
	image->tree = tree;
	image->sane = true;
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n))
		if (cfs_node_is_external(n))
			add_need(image, n);
	if (cfs_buf_check(&image->needs, &err) < 0) {
		cfs_fsck_found(image->run, "image-read-failed: %s: %s",
			       image->path, err.msg);
		return false;
	}
	look_at_objects(image);
	return image->sane;
}

/* Into memory, since a page of a mapping that turns out bad would end it
 * all. */
static bool check_file(struct image *image, int fd, const struct cfs_digest *id)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_err err;
	bool sane;
	int r = cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, &buf);

	if (r < 0) {
		cfs_fsck_found(image->run, "image-read-failed: %s: %s",
			       image->path, strerror(-r));
		return false;
	}
	if (check_digest(fd, cfs_buf_bytes(&buf), id, &err) < 0) {
		cfs_fsck_found(image->run, "image-open-failed: %s: %s",
			       image->path, err.msg);
		return false;
	}
	sane = check_content(image, cfs_buf_bytes(&buf));
	cfs_buf_free(&image->needs);
	return sane;
}

bool cfs_fsck_image(struct cfs_fsck_run *run, const char *path,
		    const char *name)
{
	struct image image = { .run = run, .path = path };
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	struct cfs_err err;
	int r;

	r = cfs_digest_from_hex(name, strlen(name), &id, &err);
	if (r == 0)
		r = cfs_repo_open_image(run->repo, &id, &fd, &err);
	if (r == CFS_IMAGE_DANGLING) {
		cfs_fsck_found(run, "broken-symlink: %s", path);
		run->count.broken_links++;
		return false;
	}
	if (r < 0) {
		cfs_fsck_found(run, "image-open-failed: %s: %s", path, err.msg);
		return false;
	}
	return check_file(&image, fd, &id);
}
