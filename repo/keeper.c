/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/keeper.h"

#include "repo/object.h"
#include "repo/writer.h"

static int keep(void *ctx, struct cfs_bytes data, const struct cfs_digest *id,
		const void *who, struct cfs_err *err)
{
	(void)who;
	return cfs_object_add_known(ctx, data, id, err);
}

static int keep_file(void *ctx, int fd, uint64_t size,
		     const struct cfs_digest *id, const void *who,
		     struct cfs_err *err)
{
	(void)who;
	return cfs_object_add_copy(ctx, fd, size, id, err);
}

/*
 * A file that is new costs a second reading and a second hash if it is copied
 * after its digest is known; one that is there already costs writing it in
 * vain if not.  So it goes by the objects so far.  Blocks that the file system
 * can share cost neither.
 */
static bool writes_along(void *ctx)
{
	const struct cfs_store *store = ctx;

	return store->clones.refused &&
	       store->stats.added > store->stats.present;
}

static int begin(void *ctx, uint64_t size, const struct cfs_digest *id,
		 void **ret, struct cfs_err *err)
{
	struct cfs_object_writer *w = NULL;
	int r = cfs_object_begin(ctx, size, id, &w, err);

	if (r > 0)
		*ret = w;
	return r;
}

static int write_piece(void *ctx, void *file, uint64_t off,
		       struct cfs_bytes data, struct cfs_err *err)
{
	(void)ctx;
	return cfs_object_write(file, off, data, err);
}

static int end(void *ctx, void *file, const struct cfs_digest *id,
	       const void *who, struct cfs_err *err)
{
	(void)ctx;
	(void)who;
	if (file && id)
		return cfs_object_commit(file, id, err);
	cfs_object_abandon(file);
	return 0;
}

void cfs_store_keeper(struct cfs_store *store, struct cfs_keeper *ret)
{
	*ret = (struct cfs_keeper){
		.keep = keep,
		.keep_file = keep_file,
		.writes_along = writes_along,
		.begin = begin,
		.write = write_piece,
		.end = end,
		.ctx = store,
	};
}
