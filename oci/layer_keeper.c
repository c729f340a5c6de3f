/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_keeper.h"

#include "repo/keeper.h"
#include "repo/stream/writer.h"

/* Tells the writer of the stream that the digest of the slot @who is known. */
static int tell(const void *who, int r)
{
	if (r == 0 && who)
		cfs_stream_slot_ready((struct cfs_stream_slot *)(uintptr_t)who);
	return r;
}

static int keep(void *ctx, struct cfs_bytes data, const struct cfs_digest *id,
		const void *who, struct cfs_err *err)
{
	const struct cfs_keeper *k = &((struct cfs_layer_keeper *)ctx)->store;

	return tell(who, k->keep(k->ctx, data, id, who, err));
}

static int begin(void *ctx, uint64_t size, const struct cfs_digest *id,
		 void **ret, struct cfs_err *err)
{
	const struct cfs_keeper *k = &((struct cfs_layer_keeper *)ctx)->store;

	return k->begin(k->ctx, size, id, ret, err);
}

static int write_piece(void *ctx, void *file, uint64_t off,
		       struct cfs_bytes data, struct cfs_err *err)
{
	const struct cfs_keeper *k = &((struct cfs_layer_keeper *)ctx)->store;

	return k->write(k->ctx, file, off, data, err);
}

static int end(void *ctx, void *file, const struct cfs_digest *id,
	       const void *who, struct cfs_err *err)
{
	const struct cfs_keeper *k = &((struct cfs_layer_keeper *)ctx)->store;

	return tell(id ? who : NULL, k->end(k->ctx, file, id, who, err));
}

void cfs_layer_keeper_init(struct cfs_layer_keeper *keeper,
			   struct cfs_store *store, struct cfs_keeper *ret)
{
	cfs_store_keeper(store, &keeper->store);
	*ret = (struct cfs_keeper){
		.keep = keep,
		.begin = begin,
		.write = write_piece,
		.end = end,
		.ctx = keeper,
	};
}
