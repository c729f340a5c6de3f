/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The limits on the memory of a tree that is made of layers. */
#include "tests/test.h"
#include "tree/tar/merge.h"

static struct cfs_err err;

static int add(struct cfs_layers *m, const char *path, const char *link)
{
	const struct cfs_tar_entry e = {
		.path = { (const uint8_t *)path, strlen(path) },
		.link = { (const uint8_t *)link, strlen(link) },
		.mode = (*link ? S_IFLNK : S_IFREG) | 0777,
	};
	struct cfs_node *node;

	return cfs_layers_add(m, &e, &node, &err);
}

TEST(nodes_that_only_a_path_names_and_those_that_are_replaced_count)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *m = NULL;
	struct cfs_tree *tree;

	CHECK_EQ(cfs_layers_new(0, &m, &err), 0);
	CHECK_EQ(cfs_layers_begin(m, &err), 0);
	tree = cfs_layers_tree(m);
	CHECK_EQ(add(m, "a/b/c", ""), 0);
	CHECK_EQ(tree->nodes, 4);
	CHECK_EQ(cfs_layers_begin(m, &err), 0);
	CHECK_EQ(add(m, "a/b/c", ""), 0);
	CHECK_EQ(tree->nodes, 5);
	/* As if there were that many. */
	tree->nodes = CFS_LAYERS_NODES_MAX - 1;
	CHECK_EQ(add(m, "a/b/c", ""), 0);
	CHECK_EQ(add(m, "a/b/c", ""), -EFBIG);
	CHECK(strstr(err.msg, "entry 'a/b/c' at offset 0: all layers have "));
}

TEST(targets_and_xattrs_count)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *m = NULL;
	/* Borrowed, and refused before it is looked at. */
	const struct cfs_tar_xattr x = { { (const uint8_t *)"user.x", 6 },
					 { (const uint8_t *)"",
					   CFS_LAYERS_BYTES_MAX - 7 } };
	struct cfs_tar_entry e = { .path = { (const uint8_t *)"f", 1 },
				   .mode = S_IFREG | 0644,
				   .xattrs = &x,
				   .n_xattrs = 1 };
	struct cfs_node *node;

	CHECK_EQ(cfs_layers_new(0, &m, &err), 0);
	CHECK_EQ(cfs_layers_begin(m, &err), 0);
	CHECK_EQ(add(m, "l", "xx"), 0);
	CHECK_EQ(cfs_layers_add(m, &e, &node, &err), -EFBIG);
	CHECK(strstr(err.msg, "entry 'f' at offset 0: the links and xattrs"));
}
