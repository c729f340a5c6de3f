/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl dump-files: what an image has at some paths. */
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "erofs/reader.h"
#include "tree/dump/dump.h"

struct options {
	bool backing_only;
};

static const struct cfs_opt options[] = {
	{ .name = "backing-path-only",
	  .help = "print only the object's path, or inline",
	  CFS_OPT_SETS(struct options, backing_only) },
	{ 0 },
};

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

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	int r;

	r = cmd_open_repo(call->g, &repo, err);
	if (r == 0)
		r = cmd_image_map(call->g, &repo, call->operand[0], &image,
				  err);
	if (r == 0)
		r = cfs_erofs_read(image.bytes, 0, &tree, NULL, err);
	for (int i = 1; r == 0 && i < call->n; i++)
		r = dump_file(tree, call->operand[i], o->backing_only, err);
	return r;
}

const struct cfs_cmd cmd_dump_files = {
	.name = "dump-files",
	.help = "print what an image has at each FILE and below",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE }, { "FILE", .many = true } },
	.run = run,
};
