/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/json_copy.h"

#include <stdlib.h>

char *cfs_json_copy(const struct cfs_json_node *node)
{
	/* Decoded it is never longer. */
	size_t size = node->raw.len + 1;
	char *text = malloc(size);

	if (!text || cfs_json_string(node, text, size))
		return text;
	free(text);
	return NULL;
}
