/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl dump-files: what an image has at some paths. */
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/image_map.h"
#include "erofs/reader.h"
#include "tree/dump.h"

static int print_backing(const struct cfs_tree *tree, const char *path,
			 const struct cfs_node *node, struct cfs_err *err)
{
	char room[CFS_OBJECT_PATH_MAX];
	const char *backing = NULL;

	if (cfs_node_is_dir(node))
		return cfs_fail(err, EISDIR, "%s is a directory", path);
	if (cfs_node_is_external(node))
		backing = cfs_node_backing(tree, node, room);
	printf("%s %s\n", path, backing ? backing : "inline");
	return 0;
}

static int dump_file(struct cfs_tree *tree, const char *path, bool backing_only,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_node *node;
	int r;

	r = cfs_tree_lookup(tree, path, &node, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "%s not found", path);
	if (r > 0 && backing_only)
		return print_backing(tree, path, cfs_node_inode(node), err);
	if (r > 0)
		r = cfs_dump_write_below(tree, node, &text, err);
	if (r == 0)
		fwrite(text.data, 1, text.len, stdout);
	return r;
}

int cmd_dump_files(const struct cfs_globals *g, int argc, char **argv,
		   struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	bool backing_only = false;
	const struct cfs_opt opts[] = {
		{ .name = "backing-path-only", .flag = &backing_only },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 2, INT32_MAX, err);
	if (r == 0)
		r = cmd_open_repo(g, &repo, err);
	if (r == 0)
		r = cmd_image_map(g, &repo, argv[1], &image, err);
	if (r == 0)
		r = cfs_erofs_read(image.bytes, 0, &tree, NULL, err);
	for (int i = 2; r == 0 && i < argc; i++)
		r = dump_file(tree, argv[i], backing_only, err);
	return r;
}
