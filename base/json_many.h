/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads JSON of many values, in a time that hardly grows faster than the text:
 * an object of a foreign document may have tens of thousands of members. */
#ifndef CFS_BASE_JSON_MANY_H
#define CFS_BASE_JSON_MANY_H

#include "base/json.h"

/*
 * Does what cfs_json_parse() does, but sorts the names of an object's members
 * to find two that are the same.
 * Errors: those of cfs_json_parse(); -ENOMEM.
 */
int cfs_json_parse_many(struct cfs_bytes text, struct cfs_json_node *nodes,
			unsigned max, struct cfs_json *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
