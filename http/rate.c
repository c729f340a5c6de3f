/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/rate.h"

#define SECOND 1000000000ULL
#define SAVED  (SECOND / 4)

/* Returns the nanoseconds that @bytes take, at most some hundred years. */
static uint64_t time_of(uint64_t bytes, uint64_t rate)
{
	const uint64_t seconds = bytes / rate;

	if (seconds > UINT64_MAX / SECOND / 4)
		return UINT64_MAX / 4;
	return seconds * SECOND +
	       (uint64_t)((double)(bytes % rate) * SECOND / (double)rate);
}

void cfs_http_rate_add(struct cfs_http_rate *rate, uint64_t now, uint64_t bytes)
{
	if (!rate->rate)
		return;
	if (now > SAVED && rate->free < now - SAVED)
		rate->free = now - SAVED;
	if (rate->free < UINT64_MAX / 2)
		rate->free += time_of(bytes, rate->rate);
}

uint64_t cfs_http_rate_wait(const struct cfs_http_rate *rate, uint64_t now)
{
	return rate->free > now ? rate->free - now : 0;
}
