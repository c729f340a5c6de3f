/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An image that is taken can be written anew, and then is what it stays: the
 * image of its own tree, byte for byte, unless a limit of the writer is named.
 */
#include <assert.h>
#include <string.h>

#include "erofs/reader.h"
#include "erofs/writer.h"
#include "tests/fuzz/fuzz.h"

static int count(void *ctx, const struct cfs_digest *digest,
		 struct cfs_err *err)
{
	(void)digest;
	(void)err;
	++*(unsigned *)ctx;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cfs_bytes image = { data, size };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *info = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *again = NULL;
	CFS_AUTOBUF struct cfs_buf first = { 0 };
	CFS_AUTOBUF struct cfs_buf second = { 0 };
	struct cfs_err err = { 0 };
	unsigned version, objects = 0;

	(void)!cfs_erofs_read(image, CFS_EROFS_READ_INFO, &info, NULL, &err);
	if (cfs_erofs_read(image, 0, &tree, &version, &err) < 0) {
		assert(err.code > 0 && err.msg[0]);
		return 0;
	}
	assert(info);
	assert(cfs_erofs_objects(image, 0, count, &objects, &err) == 0);
	if (cfs_erofs_write(tree, version, 0, &first, &err) < 0) {
		assert(err.msg[0]);
		return 0;
	}
	if (cfs_erofs_read(cfs_buf_bytes(&first), 0, &again, NULL, &err) < 0)
		__builtin_trap();
	assert(cfs_erofs_write(again, version, 0, &second, &err) == 0);
	assert(first.len == second.len &&
	       memcmp(first.data, second.data, first.len) == 0);
	return 0;
}
