/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A dumpfile that is taken can be written, and read again: the same text
 * comes out a second time.  First byte: how to read it.
 */
#include <assert.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tree/dump.h"

static struct cfs_tree *read_again(const struct cfs_buf *text, unsigned flags)
{
	struct cfs_err err = { 0 };
	struct cfs_tree *tree = NULL;

	(void)!cfs_dump_read(cfs_buf_bytes(text), flags, &tree, &err);
	return tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *again = NULL;
	CFS_AUTOBUF struct cfs_buf first = { 0 };
	CFS_AUTOBUF struct cfs_buf second = { 0 };
	struct cfs_err err = { 0 };
	unsigned flags;

	if (size == 0)
		return 0;
	flags = data[0] == 'L' ? CFS_DUMP_LENIENT : 0;
	if (cfs_dump_read((struct cfs_bytes){ data + 1, size - 1 }, flags,
			  &tree, &err) < 0) {
		assert(err.code > 0 && err.msg[0]);
		return 0;
	}
	assert(cfs_dump_write(tree, &first, &err) == 0);
	again = read_again(&first, flags);
	assert(again);
	assert(cfs_dump_write(again, &second, &err) == 0);
	assert(first.len == second.len &&
	       memcmp(first.data, second.data, first.len) == 0);
	return 0;
}
