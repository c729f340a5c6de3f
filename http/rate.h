/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A limit of bytes a second: when more than that was received, nothing more is
 * until it is no longer more.  Of time in which nothing came, a quarter of a
 * second is made up for: as long as servers take to answer.
 */
#ifndef CFS_HTTP_RATE_H
#define CFS_HTTP_RATE_H

#include <stdint.h>

#include "base/auto.h"

struct cfs_http_rate {
	uint64_t rate; /* bytes a second; 0: no limit */
	uint64_t free; /* nanoseconds, when all so far was within the limit */
};

/* Counts @bytes that were received up to @now, in nanoseconds of a clock that
 * does not go back. */
void cfs_http_rate_add(struct cfs_http_rate *rate, uint64_t now,
		       uint64_t bytes) CFS_NONNULL;

/* Returns the nanoseconds after @now before more may be received. */
uint64_t cfs_http_rate_wait(const struct cfs_http_rate *rate,
			    uint64_t now) CFS_NONNULL;

#endif
