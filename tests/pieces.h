/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A source that gives little at a time. */
#ifndef CFS_TESTS_PIECES_H
#define CFS_TESTS_PIECES_H

#include "base/source.h"

struct pieces {
	struct cfs_bytes rest;
	size_t max; /* bytes at a time */
};

static inline ssize_t pieces_read(void *ctx, void *data, size_t len,
				  struct cfs_err *err)
{
	struct pieces *pieces = ctx;
	const struct cfs_source all = cfs_source_of_bytes(&pieces->rest);

	return cfs_source_read(&all, data,
			       len < pieces->max ? len : pieces->max, err);
}

#endif
