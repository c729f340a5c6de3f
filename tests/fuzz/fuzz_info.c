/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What composefs-info prints of an image that it takes is a dumpfile that
 * mkcomposefs takes, with as many names, unless a limit of the latter is met.
 */
#include <assert.h>
#include <string.h>

#include "cfsctl/compat/composefs_info.h"
#include "tests/fuzz/fuzz.h"
#include "tree/dump/dump.h"

static unsigned names(const struct cfs_tree *tree)
{
	unsigned n = 0;

	for (struct cfs_node *at = tree->root; at;
	     at = cfs_node_walk(tree->root, at))
		n++;
	return n;
}

static void print(struct cfs_info_image *image, bool dump, struct cfs_buf *out)
{
	struct cfs_node *at = NULL;

	image->first = calloc(image->tree->nodes, sizeof(*image->first));
	assert(image->first);
	while ((at = cmd_info_walk(image, at)))
		(dump ? cmd_info_dump : cmd_info_ls)(image, at, out);
	free(image->first);
	image->first = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *again = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	CFS_AUTOBUF struct cfs_buf list = { 0 };
	struct cfs_info_image image = { 0 };
	struct cfs_err err = { 0 };

	if (cfs_erofs_read_details((struct cfs_bytes){ data, size },
				   &image.tree, &image.version, &image.details,
				   &err) < 0) {
		assert(err.code > 0 && err.msg[0]);
		return 0;
	}
	print(&image, true, &dump);
	print(&image, false, &list);
	assert(!dump.failed && !list.failed);
	if (cfs_dump_read(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, &again,
			  &err) == 0)
		assert(names(again) == names(image.tree));
	else
		/* Attributes of one file, in all. */
		assert(err.code == ERANGE);
	cfs_tree_free(image.tree);
	return 0;
}
