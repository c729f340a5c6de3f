/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/image_store.h"

#include "erofs/writer.h"
#include "fsverity/merkle.h"
#include "repo/object.h"
#include "repo/writer.h"
#include "tree/small_objects.h"

int cfs_image_compute(const struct cfs_tree *tree, unsigned format,
		      enum cfs_alg alg, struct cfs_digest *ret,
		      uint64_t *ret_size, struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *merkle = NULL;
	struct cfs_sink sink;
	int r = cfs_merkle_new(alg, &merkle, err);

	if (r < 0)
		return r;
	sink = cfs_merkle_sink(merkle);
	r = cfs_erofs_write_to(tree, format, 0, &sink, NULL, err);
	return r < 0 ? r : cfs_merkle_final(merkle, ret, ret_size, err);
}

struct output {
	struct cfs_object_writer *writer;
	uint64_t at;
	/* Bytes that do not fill a block yet: holes are of whole blocks. */
	uint8_t part[4096];
	size_t n_part;
};

static int write_at(struct output *out, struct cfs_bytes data,
		    struct cfs_err *err)
{
	int r = cfs_object_write(out->writer, out->at, data, err);

	out->at += data.len;
	return r;
}

static int write_piece(void *ctx, const void *piece, size_t len,
		       struct cfs_err *err)
{
	struct cfs_bytes data = { piece, len };
	struct output *out = ctx;

	while (data.len > 0) {
		size_t n = sizeof(out->part) - out->n_part;
		struct cfs_bytes whole;
		int r = 0;

		if (out->n_part == 0 && data.len >= sizeof(out->part)) {
			n = data.len / sizeof(out->part) * sizeof(out->part);
			whole = (struct cfs_bytes){ data.data, n };
			r = write_at(out, whole, err);
		} else {
			n = data.len < n ? data.len : n;
			memcpy(out->part + out->n_part, data.data, n);
			out->n_part += n;
			whole = (struct cfs_bytes){ out->part, out->n_part };
			if (out->n_part == sizeof(out->part)) {
				out->n_part = 0;
				r = write_at(out, whole, err);
			}
		}
		if (r < 0)
			return r;
		data.data += n;
		data.len -= n;
	}
	return 0;
}

/* Images are whole blocks: nothing is left in the end. */
static int write_image(const struct cfs_tree *tree, unsigned format,
		       struct cfs_object_writer *writer, struct cfs_err *err)
{
	struct output out = { .writer = writer };
	const struct cfs_sink sink = { write_piece, &out };
	int r = cfs_erofs_write_to(tree, format, 0, &sink, NULL, err);
	struct cfs_bytes rest = { out.part, out.n_part };

	return r < 0 || out.n_part == 0 ? r : write_at(&out, rest, err);
}

static int store_small_objects(struct cfs_store *store,
			       const struct cfs_tree *tree, struct cfs_err *err)
{
	const struct cfs_small_object *small = tree->small;
	struct cfs_digest ignored;
	int r = 0;

	for (; r == 0 && small; small = small->next)
		r = cfs_object_add_bytes(store, small->content, &ignored, err);
	return r;
}

/* The name of an image is its digest, so it is written twice, the first time
 * for the digest alone: mostly the image exists already, and nothing is written
 * to the disk. */
int cfs_image_store(struct cfs_store *store, const struct cfs_tree *tree,
		    unsigned format, struct cfs_digest *ret,
		    struct cfs_err *err)
{
	struct cfs_object_writer *writer;
	struct cfs_digest id;
	uint64_t size;
	int r;

	r = cfs_image_compute(tree, format, store->repo.meta.alg, &id, &size,
			      err);
	if (r == 0)
		r = store_small_objects(store, tree, err);
	if (r < 0)
		return r;
	r = cfs_object_begin(store, size, &id, &writer, err);
	if (r > 0) {
		r = write_image(tree, format, writer, err);
		if (r < 0)
			cfs_object_abandon(writer);
		else
			r = cfs_object_commit(writer, &id, err);
	}
	if (r == 0)
		*ret = id;
	return r;
}
