/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_BASE_JSON_COPY_H
#define CFS_BASE_JSON_COPY_H

#include "base/json.h"

/* Decodes @node, which is a string of any length.  Returns a copy, which the
 * caller frees, or NULL without memory. */
char *cfs_json_copy(const struct cfs_json_node *node)
	CFS_MUST_CHECK CFS_NONNULL;

#endif
