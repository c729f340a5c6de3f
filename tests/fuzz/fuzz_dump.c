/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A dumpfile that is taken can be written, and read again: the same text
 * comes out a second time.  So it does behind an image of it, in the versions
 * whose limits it keeps.  First byte: how to read it.
 */
#include <assert.h>
#include <string.h>

#include "erofs/reader.h"
#include "erofs/writer.h"
#include "tests/fuzz/fuzz.h"
#include "tree/dump/dump.h"

static struct cfs_tree *read_again(const struct cfs_buf *text, unsigned flags)
{
	struct cfs_err err = { 0 };
	struct cfs_tree *tree = NULL;

	(void)!cfs_dump_read(cfs_buf_bytes(text), flags, &tree, &err);
	return tree;
}

/* Users' attributes that an image says whiteouts by. */
static bool plays_whiteout(const struct cfs_buf *text)
{
	return memmem(text->data, text->len, "overlay.", 8);
}

static void through_image(const struct cfs_tree *tree,
			  const struct cfs_buf *text, unsigned version)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	struct cfs_err err = { 0 };

	if (cfs_erofs_write(tree, version, 0, &image, &err) < 0) {
		assert(err.msg[0] && image.len == 0);
		return;
	}
	if (plays_whiteout(text))
		return;
	if (cfs_erofs_read(cfs_buf_bytes(&image), CFS_EROFS_READ_INFO, &back,
			   NULL, &err) < 0)
		__builtin_trap();
	/* Version 2 has no nanoseconds: its image is the same, not its text. */
	if (version == 2)
		assert(cfs_erofs_write(back, version, 0, &again, &err) == 0);
	else
		assert(cfs_dump_write(back, &again, &err) == 0);
	if (version == 2)
		text = &image;
	assert(text->len == again.len &&
	       memcmp(text->data, again.data, again.len) == 0);
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
	for (unsigned version = 0;
	     flags == 0 && version <= CFS_EROFS_VERSION_MAX; version++)
		through_image(again, &first, version);
	return 0;
}
