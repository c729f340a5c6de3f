/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads images and streams.  Both are objects: the first bytes say which of
 * them one is, and an object that is neither needs nothing.  The digest is
 * checked before anything else is looked at.
 */
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "erofs/format.h"
#include "erofs/reader.h"
#include "fsverity/merkle.h"
#include "repo/gc/run.h"
#include "repo/object.h"
#include "repo/stream/format.h"

#define EROFS_SUPER 1024 /* where the superblock is */

enum kind {
	KIND_OTHER,
	KIND_IMAGE,
	KIND_STREAM,
};

/* The container that is read. */
struct load {
	struct cfs_gc *gc;
	uint32_t i;
	struct cfs_digest id;
	/* Of the root that it was found by. */
	const char *top, *name;
};

static bool is_stream(const uint8_t *head)
{
	size_t old = offsetof(struct cfs_stream_old_header, magic);

	return memcmp(head, CFS_STREAM_MAGIC, CFS_STREAM_MAGIC_LEN) == 0 ||
	       memcmp(head + old, CFS_STREAM_MAGIC, CFS_STREAM_MAGIC_LEN) == 0;
}

static int find_kind(int fd, enum kind *ret, struct cfs_err *err)
{
	uint8_t head[EROFS_SUPER + sizeof(cfs_le32)] = { 0 };
	ssize_t n = cfs_pread_full(fd, head, sizeof(head), 0);
	cfs_le32 magic;

	if (n < 0)
		return cfs_fail(err, (int)-n, "%s", strerror((int)-n));
	memcpy(&magic, head + EROFS_SUPER, sizeof(magic));
	*ret = KIND_OTHER;
	if (is_stream(head))
		*ret = KIND_STREAM;
	else if (cfs_get32(magic) == CFS_EROFS_MAGIC)
		*ret = KIND_IMAGE;
	return 0;
}

/*
 * overlayfs opens what the backing path names, and compares it with the digest
 * if it verifies: where they differ, both are kept.
 */
static int add_file(struct load *load, const struct cfs_tree *tree,
		    const struct cfs_node *node, struct cfs_err *err)
{
	enum cfs_alg alg = load->id.alg;
	char room[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id;
	const char *path;
	int r = 0;

	/* An object of the other algorithm is not in this repository. */
	if (cfs_node_digest(tree, node, &id) && id.alg == alg)
		r = cfs_gc_add_need(&load->gc->graph, load->i, &id, node->size,
				    err);
	if (r < 0 || (node->flags & CFS_NODE_OBJECT))
		return r;
	path = cfs_node_backing(tree, node, room);
	if (!path || !cfs_object_of_path(path, &id) || id.alg != alg)
		return 0;
	return cfs_gc_add_need(&load->gc->graph, load->i, &id, CFS_GC_NO_SIZE,
			       err);
}

static int read_image(int fd, struct cfs_buf *buf, struct cfs_err *err)
{
	struct stat st;
	int r;

	/* The size saves the buffer from growing step by step. */
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size < CFS_EROFS_IMAGE_MAX)
		(void)cfs_buf_reserve(buf, (size_t)st.st_size + 1);
	r = cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, buf);
	return r < 0 ? cfs_fail(err, -r, "%s", strerror(-r)) : 0;
}

/* Does what cfs_object_check() does, for bytes that were read already. */
static int check_image(const struct load *load, int fd, struct cfs_bytes bytes,
		       struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest have;
	int r = cfs_object_measure(fd, &have, err);

	if (r == 0)
		r = cfs_verity_digest_bytes(load->id.alg, bytes, &have, err);
	if (r < 0 || cfs_digest_equal(&have, &load->id))
		return r < 0 ? r : 0;
	cfs_digest_to_hex(&have, hex);
	return cfs_fail(err, EBADMSG, "its digest is %s", hex);
}

static int load_image(struct load *load, int fd, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	int r = read_image(fd, &buf, err);

	if (r == 0)
		r = check_image(load, fd, cfs_buf_bytes(&buf), err);
	if (r == 0)
		r = cfs_erofs_read(cfs_buf_bytes(&buf), 0, &tree, NULL, err);
	for (struct cfs_node *n = r < 0 ? NULL : tree->root; n && r == 0;
	     n = cfs_node_walk(tree->root, n))
		if (cfs_node_is_external(n))
			r = add_file(load, tree, n, err);
	return r;
}

static int load_stream(struct load *load, int fd, struct cfs_err *err)
{
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = NULL;
	struct cfs_gc_graph *graph = &load->gc->graph;
	int r = cfs_stream_open(fd, load->id.alg, &s, err);

	for (size_t i = 0; r == 0 && i < cfs_stream_n_objects(s); i++) {
		struct cfs_digest id = cfs_stream_object(s, i);

		r = cfs_gc_add_need(graph, load->i, &id, CFS_GC_NO_SIZE, err);
	}
	for (size_t i = 0; r == 0 && i < cfs_stream_n_refs(s); i++) {
		struct cfs_digest id = cfs_stream_ref(s, i);

		r = cfs_gc_add_kid(graph, load->i, &id, err);
	}
	return r;
}

static int compare_subject(const void *key, const void *element)
{
	const struct cfs_gc_referrer *referrer = element;
	const struct cfs_digest *id = key;

	if (!referrer->has_subject)
		return -1;
	return memcmp(id->bytes, referrer->subject.bytes,
		      cfs_alg_size(id->alg));
}

/* Names about this stream are kept with it. */
static int add_referrers(struct load *load, struct cfs_err *err)
{
	const struct cfs_gc_referrer *all = load->gc->referrers.v;
	size_t n = load->gc->referrers.n;
	const struct cfs_gc_referrer *at =
		n ? bsearch(&load->id, all, n, sizeof(*all), compare_subject)
		  : NULL;
	int r = 0;

	if (!at)
		return 0;
	/* bsearch() finds any one of several. */
	while (at > all && compare_subject(&load->id, at - 1) == 0)
		at--;
	for (; r == 0 && at < all + n && compare_subject(&load->id, at) == 0;
	     at++)
		if (at->has_stream)
			r = cfs_gc_add_kid(&load->gc->graph, load->i,
					   &at->stream, err);
	return r;
}

static int load_file(struct load *load, int fd, struct cfs_err *err)
{
	enum kind kind = KIND_OTHER;
	int r = find_kind(fd, &kind, err);

	if (r == 0 && kind == KIND_IMAGE)
		return load_image(load, fd, err);
	if (r == 0)
		r = cfs_object_check(fd, &load->id, err);
	if (r < 0)
		return r;
	return kind == KIND_STREAM ? load_stream(load, fd, err) : 0;
}

static void set_origin(struct load *load)
{
	uint32_t origin = load->gc->origin.v[load->i];
	const struct cfs_gc_root *root;

	if (origin == CFS_GC_NONE)
		return;
	root = cfs_gc_root(load->gc, origin);
	load->name = root->name;
	load->top = root->kind == CFS_GC_ROOT_IMAGE    ? "images/refs/"
		    : root->kind == CFS_GC_ROOT_STREAM ? "streams/refs/"
						       : "";
}

int cfs_gc_load(struct cfs_gc *gc, uint32_t i, struct cfs_err *err)
{
	struct load load = { .gc = gc, .i = i, .top = "", .name = "?" };
	char where[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err why;
	int r;

	load.id = cfs_gc_object(&gc->graph,
				cfs_gc_container(&gc->graph, i)->object);
	cfs_digest_to_path(&load.id, where + strlen(where));
	set_origin(&load);
	r = gc->objects < 0 ? 0
			    : cfs_object_open(gc->objects, &load.id, &fd, &why);
	if (r == 0) {
		cfs_gc_found(gc, CFS_GC_MISSING_OBJECT, where,
			     "it is missing, and %s%s needs it", load.top,
			     load.name);
	} else {
		if (r > 0)
			r = load_file(&load, fd, &why);
		if (r == -ENOMEM) {
			*err = why;
			return r;
		}
		if (r < 0)
			cfs_gc_found(gc, CFS_GC_UNREADABLE, where,
				     "%s; %s%s needs it", why.msg, load.top,
				     load.name);
	}
	return add_referrers(&load, err);
}
