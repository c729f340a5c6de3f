/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trees of tests, written as dumpfiles. */
#ifndef CFS_TESTS_UNIT_TREE_DUMPS_H
#define CFS_TESTS_UNIT_TREE_DUMPS_H

#include "tests/test.h"
#include "tree/dump/dump.h"

/* The caller frees it. */
static inline struct cfs_tree *parse(const char *dump)
{
	struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };
	struct cfs_tree *tree = NULL;
	struct cfs_err err = { 0 };

	if (cfs_dump_read(text, 0, &tree, &err) < 0)
		printf("# %s\n", err.msg);
	CHECK(tree);
	return tree;
}

/* Is @tree what the dumpfile @want says? */
static inline bool gives(const struct cfs_tree *tree, const char *want)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_err err;

	CHECK_EQ(cfs_dump_write(tree, &got, &err), 0);
	if (strcmp(cfs_buf_text(&got), want) != 0)
		printf("# %s", cfs_buf_text(&got));
	return strcmp(cfs_buf_text(&got), want) == 0;
}

#endif
