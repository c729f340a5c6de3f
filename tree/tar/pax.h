/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The records of a PAX extended header: "LENGTH KEY=VALUE\n", one after the
 * other.  Pure: bytes in, values out.
 *
 * Source: POSIX.1-2017 pax, "pax Extended Header".
 */
#ifndef CFS_TREE_TAR_PAX_H
#define CFS_TREE_TAR_PAX_H

#include "base/bytes.h"
#include "base/err.h"

struct cfs_pax_record {
	struct cfs_bytes key;	/* at least one byte, no '=' */
	struct cfs_bytes value; /* any bytes, perhaps none */
};

/*
 * Takes one record from the front of *@rest; its bytes are borrowed.
 * Returns 1, or 0 when nothing is left.
 * Errors: -EINVAL (no length or a wrong one, no '=', an empty key).
 */
int cfs_pax_next(struct cfs_bytes *rest, struct cfs_pax_record *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads decimal digits and nothing else, up to @max.
 * Errors: -EINVAL (not a number), -ERANGE. */
int cfs_pax_number(struct cfs_bytes value, uint64_t max, uint64_t *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads a time: seconds since 1970, perhaps with a minus before and a fraction
 * after them.  Of a fraction the first nine digits count.  Times before 1970
 * are rounded down: "-1.5" is second -2, nanosecond 500000000.
 * Errors: -EINVAL (not a time, or over 63 bits of seconds).
 */
int cfs_pax_time(struct cfs_bytes value, int64_t *ret_sec, uint32_t *ret_nsec,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
