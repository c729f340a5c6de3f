/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Subordinate user and group ids, which a user may give to user namespaces.
 *
 * Source: subuid(5), subgid(5).
 */
#ifndef CFS_OPS_SUBIDS_H
#define CFS_OPS_SUBIDS_H

#include <stdint.h>

#include "base/bytes.h"

/* Bytes that are read of /etc/subuid or /etc/subgid. */
#define CFS_SUBIDS_FILE_MAX (1u << 20)

/* A range of ids outside of the namespace. */
struct cfs_subids {
	uint32_t first, n;
};

/*
 * Finds the first range of a user in @file, the contents of /etc/subuid or
 * /etc/subgid.  Lines that are malformed, empty or reach beyond the largest id
 * are ignored, as the tools do that map them.
 *
 * @name: of the user; NULL: only lines with the number @uid count.
 * Returns 1 with the range in *@ret, or 0 if the user has none.
 */
int cfs_subids_find(struct cfs_bytes file, const char *name, uint32_t uid,
		    struct cfs_subids *ret) CFS_MUST_CHECK
	__attribute__((nonnull(4)));

#endif
