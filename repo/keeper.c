/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/keeper.h"

#include "repo/object.h"

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

void cfs_store_keeper(struct cfs_store *store, struct cfs_keeper *ret)
{
	*ret = (struct cfs_keeper){
		.keep = keep,
		.keep_file = keep_file,
		.ctx = store,
	};
}
