/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/json_copy.h"

#include <string.h>

#include "tests/test.h"

TEST(a_string_is_decoded)
{
	static const char text[] = "\"a\\u00e4\\n\\\"\"";
	struct cfs_json_node nodes[1];
	CFS_AUTOFREE char *copy = NULL;
	struct cfs_json doc;
	struct cfs_err err;

	CHECK_EQ(cfs_json_parse((struct cfs_bytes){ (const uint8_t *)text,
						    strlen(text) },
				nodes, 1, &doc, &err),
		 0);
	copy = cfs_json_copy(&nodes[0]);
	CHECK_STR(copy, "a\xc3\xa4\n\"");
}
