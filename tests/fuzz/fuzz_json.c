/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whatever parses can be walked without leaving it: every child lies inside
 * its parent, the walk visits every value once, and what is written of a
 * decoded string reads back as the same string.  Both readers agree.
 */
#include "base/json_many.h"

#include <assert.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define MAX 512

static void round_trip(const char *text)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_node node;
	struct cfs_json doc;
	struct cfs_err err;
	char back[4096];

	cfs_json_add_string(&buf, text);
	assert(cfs_json_parse(cfs_buf_bytes(&buf), &node, 1, &doc, &err) == 0);
	assert(cfs_json_string(&node, back, sizeof(back)));
	assert(strcmp(back, text) == 0);
}

static unsigned walk(const struct cfs_json *doc,
		     const struct cfs_json_node *node)
{
	const struct cfs_json_node *item;
	unsigned seen = 1, children = 0;
	char text[4096];
	uint64_t n;

	if (cfs_json_string(node, text, sizeof(text)))
		round_trip(text);
	(void)!cfs_json_u64(node, &n);
	for (item = cfs_json_first(doc, node); item;
	     item = cfs_json_next(doc, node, item)) {
		assert(item > node && item < doc->nodes + node->next);
		seen += walk(doc, item);
		children++;
	}
	if (node->kind == CFS_JSON_OBJECT)
		assert(children % 2 == 0);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cfs_json_node nodes[MAX];
	struct cfs_json doc;
	struct cfs_err err;
	int r;

	r = cfs_json_parse((struct cfs_bytes){ data, size }, nodes, MAX, &doc,
			   &err);
	/* Which of two faults is found first may differ. */
	assert((cfs_json_parse_many((struct cfs_bytes){ data, size }, nodes,
				    MAX, &doc, &err) < 0) == (r < 0));
	if (r < 0) {
		assert(r == -EINVAL || r == -E2BIG);
		return 0;
	}
	assert(walk(&doc, doc.nodes) == doc.n);
	return 0;
}
