/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An image that is taken can be written anew, unless a limit of the writer is
 * named, and then is what it stays: the image of its own tree, byte for byte,
 * also when the tree was a dumpfile in between.
 */
#include <assert.h>
#include <string.h>

#include "erofs/reader.h"
#include "erofs/writer.h"
#include "tests/fuzz/fuzz.h"
#include "tree/dump/dump.h"

static int count(void *ctx, const struct cfs_digest *digest,
		 struct cfs_err *err)
{
	(void)digest;
	(void)err;
	++*(unsigned *)ctx;
	return 0;
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void through_image(const struct cfs_buf *image, unsigned version)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	struct cfs_err err = { 0 };
	unsigned found = 3;

	if (cfs_erofs_read(cfs_buf_bytes(image), 0, &tree, &found, &err) < 0)
		__builtin_trap();
	assert(found == version);
	assert(cfs_erofs_write(tree, version, 0, &again, &err) == 0);
	assert(same(image, &again));
}

static void through_dumpfile(const struct cfs_tree *tree,
			     const struct cfs_buf *image, unsigned version)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	struct cfs_err err = { 0 };

	assert(cfs_dump_write(tree, &dump, &err) == 0);
	/* As mkcomposefs reads: images of it have longer content. */
	if (cfs_dump_read(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, &back, &err) <
	    0) {
		assert(strstr(err.msg, "xattrs exceed"));
		return;
	}
	assert(cfs_erofs_write(back, version, 0, &again, &err) == 0);
	assert(same(image, &again));
}

/* What composefs-info reads. */
static bool details_are_there(struct cfs_bytes image)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_erofs_detail **details;
	struct cfs_err err = { 0 };
	unsigned version;

	if (cfs_erofs_read_details(image, &tree, &version, &details, &err) < 0)
		return false;
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n))
		assert(n->flags & CFS_NODE_LINK || details[n->seq]);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cfs_bytes image = { data, size };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf first = { 0 };
	bool info = details_are_there(image);
	struct cfs_err err = { 0 };
	unsigned version, objects = 0;

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
	through_image(&first, version);
	through_dumpfile(tree, &first, version);
	return 0;
}
