/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Zeros in memory, which become holes of files.
 */
#ifndef CFS_BASE_ZEROS_H
#define CFS_BASE_ZEROS_H

#include <string.h>

#include "base/bytes.h"

/* Returns whether all bytes of @data are zero: the first one is, and each one
 * equals its neighbour.  memcmp() stops early at most data that is not zero. */
static inline bool cfs_bytes_are_zero(struct cfs_bytes data)
{
	return data.len == 0 ||
	       (data.data[0] == 0 &&
		memcmp(data.data, data.data + 1, data.len - 1) == 0);
}

/*
 * Splits the longest run of blocks of one kind off the front of *@rest: either
 * blocks of @block bytes (the last one may be shorter) that are all zero, or
 * blocks of which each has a byte that is not.
 * Returns true with the run in *@ret and its kind in *@ret_zero; false if
 * *@rest is empty.
 */
static inline bool cfs_bytes_run(struct cfs_bytes *rest, size_t block,
				 struct cfs_bytes *ret, bool *ret_zero)
{
	size_t len = 0, n;

	for (; len < rest->len; len += n) {
		struct cfs_bytes one = { rest->data + len, rest->len - len };

		if (one.len > block)
			one.len = block;
		n = one.len;
		if (len == 0)
			*ret_zero = cfs_bytes_are_zero(one);
		else if (cfs_bytes_are_zero(one) != *ret_zero)
			break;
	}
	*ret = (struct cfs_bytes){ rest->data, len };
	rest->data += len;
	rest->len -= len;
	return len > 0;
}

#endif
