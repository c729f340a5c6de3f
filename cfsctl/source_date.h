/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Times for reproducible builds.
 *
 * Source: https://reproducible-builds.org/specs/source-date-epoch/
 */
#ifndef CFS_CFSCTL_SOURCE_DATE_H
#define CFS_CFSCTL_SOURCE_DATE_H

#include "base/err.h"
#include "ops/tree_source.h"

/*
 * Reads SOURCE_DATE_EPOCH of the environment, in seconds since 1970.
 * Returns 1 with *@ret, or 0 when it is not set or empty.
 * Errors: -EINVAL it is no number from 0 to @max.
 */
int cmd_source_date(int64_t max, int64_t *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * For CFS_OPT_PARSES(), into a struct cfs_clamp: the number @text, or that of
 * SOURCE_DATE_EPOCH when @text is NULL.
 */
int cmd_parse_clamp(const char *text, void *to,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3)));

#endif
