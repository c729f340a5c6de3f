/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_tree.h"

#include <string.h>

#include "fsverity/merkle.h"
#include "repo/object.h"
#include "tree/tar/reader.h"

void cfs_split_free(struct cfs_split *split)
{
	cfs_vec_free(&split->ahead);
}

static int note(struct cfs_split *split, uint64_t index, struct cfs_err *err)
{
	const struct cfs_split_object passed = { split->at, index };

	/* Most of the time all are taken, and the memory is used again. */
	if (cfs_split_is_done(split))
		split->ahead.n = split->n_taken = 0;
	return cfs_vec_add(&split->ahead, passed) ? 0 : cfs_no_memory(err);
}

/* Reads the archive without the contents that are objects, and notes where
 * those belong. */
static ssize_t read_split(void *ctx, void *data, size_t len,
			  struct cfs_err *err)
{
	struct cfs_split *split = ctx;

	for (;;) {
		struct cfs_stream_chunk chunk;
		ssize_t n = cfs_stream_read(split->stream, data, len, err);

		if (n != 0) {
			split->at += n > 0 ? (uint64_t)n : 0;
			return n;
		}
		n = cfs_stream_next(split->stream, &chunk, err);
		if (n > 0 && chunk.is_object)
			n = note(split, chunk.n, err) < 0 ? -err->code : 1;
		if (n <= 0)
			return n;
	}
}

struct cfs_source cfs_split_source(struct cfs_split *split)
{
	return (struct cfs_source){ read_split, split };
}

bool cfs_split_is_done(const struct cfs_split *split)
{
	return split->n_taken == split->ahead.n;
}

/* Goes on to the next object, if that is what comes next. */
static int pass_object(struct cfs_split *split, struct cfs_err *err)
{
	struct cfs_stream_chunk chunk;
	uint8_t byte;
	ssize_t n = cfs_stream_read(split->stream, &byte, 1, err);

	/* If there are bytes before it, the object is not where it should
	 * be. */
	if (n != 0)
		return n < 0 ? (int)n : 0;
	n = cfs_stream_next(split->stream, &chunk, err);
	if (n > 0 && chunk.is_object)
		return note(split, chunk.n, err);
	return n < 0 ? (int)n : 0;
}

int cfs_split_object(struct cfs_split *split, uint64_t raw_before,
		     struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_split_object passed = { 0 };
	int r = cfs_split_is_done(split) ? pass_object(split, err) : 0;

	if (r < 0)
		return r;
	if (!cfs_split_is_done(split))
		passed = split->ahead.v[split->n_taken];
	if (cfs_split_is_done(split) || passed.at != raw_before)
		return cfs_fail(err, EBADMSG,
				"the stream has no object where the content "
				"of a file is");
	split->n_taken++;
	*ret = cfs_stream_object(split->stream, (size_t)passed.index);
	return 0;
}

static int walk(struct cfs_split *split, struct cfs_tar *tar,
		cfs_oci_layer_fn *fn, void *arg, struct cfs_err *err)
{
	const struct cfs_tar_entry *entry;
	uint64_t external = 0;
	struct cfs_digest id;
	int r;

	while ((r = cfs_tar_next(tar, &entry, err)) > 0) {
		if (entry->is_external) {
			external += entry->size;
			r = cfs_split_object(split, entry->raw_before, &id,
					     err);
			if (r < 0)
				return cfs_tar_entry_ctx(entry, err);
		}
		r = fn(arg, entry, entry->is_external ? &id : NULL, err);
		if (r != 0)
			return r;
	}
	/* The archive is at its end: the stream must be as well. */
	if (r == 0 && (!cfs_split_is_done(split) ||
		       split->at + external != cfs_stream_size(split->stream)))
		return cfs_fail(err, EBADMSG,
				"the stream has more or less than the archive");
	return r;
}

int cfs_oci_layer_each(struct cfs_stream *stream, cfs_oci_layer_fn *fn,
		       void *arg, struct cfs_err *err)
{
	struct cfs_split split = { .stream = stream };
	const struct cfs_source source = cfs_split_source(&split);
	CFS_AUTO(cfs_tar_free) struct cfs_tar *tar = NULL;
	int r = cfs_tar_new(&source, NULL, CFS_TAR_SPLIT, &tar, err);

	if (r == 0)
		r = walk(&split, tar, fn, arg, err);
	cfs_split_free(&split);
	return r;
}

/* A layer being applied. */
struct apply {
	struct cfs_layers *layers;
	int objects;
	enum cfs_alg alg;
};

/* Sets the content of the file that a sparse entry stands for: its bytes, up to
 * CFS_INLINE_FROM_DISK of them, or else its digest. */
static int set_expanded(struct apply *a, struct cfs_node *node,
			const struct cfs_source *file, uint64_t size,
			struct cfs_err *err)
{
	struct cfs_tree *tree = cfs_layers_tree(a->layers);
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *merkle = NULL;
	CFS_AUTOFREE uint8_t *data = malloc(65536);
	struct cfs_bytes piece = { data, 0 };
	struct cfs_digest id;
	ssize_t n;
	int r = data ? cfs_merkle_new(a->alg, &merkle, err)
		     : cfs_no_memory(err);

	while (r == 0) {
		n = cfs_source_full(file, data, 65536, err);
		if (n <= 0 || size <= CFS_INLINE_FROM_DISK) {
			r = n < 0 ? (int)n : 0;
			piece.len = n > 0 ? (size_t)n : 0;
			break;
		}
		piece.len = (size_t)n;
		r = cfs_merkle_update(merkle, piece, err);
	}
	if (r == 0 && size <= CFS_INLINE_FROM_DISK)
		return cfs_node_set_content(tree, node, piece, err);
	if (r == 0)
		r = cfs_merkle_final(merkle, &id, NULL, err);
	return r < 0 ? r : cfs_node_set_object(tree, node, size, &id, err);
}

/* The object that is the content of a sparse entry.  It is hashed while it is
 * read, unless the kernel does that: the digest of the file that it becomes is
 * part of what an image's signature is compared with. */
struct content {
	const struct cfs_digest *id;
	int fd;
	struct cfs_merkle *merkle; /* NULL: the kernel verifies what is read */
};

static void content_close(struct content *c)
{
	cfs_merkle_free(c->merkle);
	cfs_closep(&c->fd);
}

static int content_open(const struct apply *a, struct content *c,
			struct cfs_err *err)
{
	struct cfs_digest have;
	int r = cfs_object_require(a->objects, c->id, err);

	if (r < 0)
		return r;
	c->fd = r;
	r = cfs_object_measure(c->fd, &have, err);
	if (r == 0)
		return cfs_merkle_new(c->id->alg, &c->merkle, err);
	if (r > 0 && !cfs_digest_equal(&have, c->id))
		return cfs_object_damaged(c->id, err);
	return r < 0 ? r : 0;
}

static ssize_t content_read(void *ctx, void *data, size_t len,
			    struct cfs_err *err)
{
	struct content *c = ctx;
	const struct cfs_source raw = cfs_source_of_fd(&c->fd);
	ssize_t n = cfs_source_read(&raw, data, len, err);
	int r = 0;

	if (n > 0 && c->merkle)
		r = cfs_merkle_update(
			c->merkle, (struct cfs_bytes){ data, (size_t)n }, err);
	return r < 0 ? r : n;
}

/* Reads what is left, and checks the digest of all of it. */
static int content_check(struct content *c, struct cfs_err *err)
{
	uint8_t rest[4096];
	struct cfs_digest have;
	ssize_t n;
	int r;

	if (!c->merkle)
		return 0;
	do
		n = content_read(c, rest, sizeof(rest), err);
	while (n > 0);
	r = n < 0 ? (int)n : cfs_merkle_final(c->merkle, &have, NULL, err);
	if (r == 0 && !cfs_digest_equal(&have, c->id))
		return cfs_object_damaged(c->id, err);
	return r;
}

static int set_sparse(struct apply *a, struct cfs_node *node,
		      const struct cfs_tar_entry *entry,
		      const struct cfs_source *content, struct cfs_err *err)
{
	struct cfs_tar_expand x;
	struct cfs_source file;
	int r = cfs_tar_expand_init(&x, entry->sparse, entry->size, content,
				    err);

	if (r < 0)
		return r;
	file = cfs_tar_expand_source(&x);
	r = set_expanded(a, node, &file, entry->sparse->size, err);
	cfs_tar_expand_free(&x);
	return r;
}

/* Sets the content of @node from the object @id. */
static int set_sparse_object(struct apply *a, struct cfs_node *node,
			     const struct cfs_tar_entry *entry,
			     const struct cfs_digest *id, struct cfs_err *err)
{
	__attribute__((cleanup(
		content_close))) struct content c = { .id = id, .fd = -EBADF };
	const struct cfs_source source = { content_read, &c };
	int r = content_open(a, &c, err);

	if (r == 0)
		r = set_sparse(a, node, entry, &source, err);
	return r < 0 ? r : content_check(&c, err);
}

static int set_content(struct apply *a, struct cfs_node *node,
		       const struct cfs_tar_entry *entry,
		       const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_bytes rest = entry->content;
	const struct cfs_source source = cfs_source_of_bytes(&rest);

	if (!entry->sparse)
		return cfs_node_set_object(cfs_layers_tree(a->layers), node,
					   entry->size, id, err);
	return entry->is_external ? set_sparse_object(a, node, entry, id, err)
				  : set_sparse(a, node, entry, &source, err);
}

static int add_entry(void *arg, const struct cfs_tar_entry *entry,
		     const struct cfs_digest *id, struct cfs_err *err)
{
	struct apply *a = arg;
	struct cfs_node *node = NULL;
	int r = cfs_layers_add(a->layers, entry, &node, err);

	if (r < 0 || !node)
		return r;
	r = set_content(a, node, entry, id, err);
	return r < 0 ? cfs_tar_entry_ctx(entry, err) : 0;
}

int cfs_oci_layer_apply(struct cfs_layers *layers, struct cfs_stream *stream,
			int objects, enum cfs_alg alg, struct cfs_err *err)
{
	struct apply a = { .layers = layers, .objects = objects, .alg = alg };
	int r = cfs_layers_begin(layers, err);

	return r < 0 ? r : cfs_oci_layer_each(stream, add_entry, &a, err);
}
