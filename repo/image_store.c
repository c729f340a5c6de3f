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

static int write_piece(void *ctx, const void *piece, size_t len,
		       struct cfs_err *err)
{
	return cfs_object_append(ctx, (struct cfs_bytes){ piece, len }, err);
}

static int write_image(const struct cfs_tree *tree, unsigned format,
		       struct cfs_object_writer *writer, struct cfs_err *err)
{
	const struct cfs_sink sink = { write_piece, writer };

	return cfs_erofs_write_to(tree, format, 0, &sink, NULL, err);
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
