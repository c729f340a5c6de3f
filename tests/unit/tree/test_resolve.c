/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/resolve.h"

#include <errno.h>

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct cfs_node *add(struct cfs_tree *tree, struct cfs_node *dir,
			    const char *name, uint32_t mode)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_node_add(tree, dir, bytes(name), mode, &node, &err), 0);
	return node;
}

static void add_link(struct cfs_tree *tree, struct cfs_node *dir,
		     const char *name, const char *target)
{
	struct cfs_node *node = add(tree, dir, name, S_IFLNK | 0777);

	CHECK_EQ(cfs_node_set_target(tree, node, bytes(target), &err), 0);
}

/* /etc/file and links to it. */
static struct cfs_tree *make(struct cfs_node **ret_file)
{
	struct cfs_tree *tree;
	struct cfs_node *etc, *usr;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	etc = add(tree, tree->root, "etc", S_IFDIR | 0755);
	usr = add(tree, tree->root, "usr", S_IFDIR | 0755);
	*ret_file = add(tree, etc, "file", S_IFREG | 0644);
	cfs_node_set_link(add(tree, usr, "twin", S_IFREG | 0644), *ret_file);
	add_link(tree, etc, "same", "file");
	add_link(tree, usr, "up", "../../../../etc/./same");
	add_link(tree, usr, "top", "/etc//file");
	add_link(tree, usr, "dir", "/etc");
	add_link(tree, etc, "loop", "loop");
	add_link(tree, etc, "lost", "/nothing/file");
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	return tree;
}

TEST(links_and_dots_are_followed_inside_the_tree)
{
	static const char *const paths[] = {
		"/etc/file",	 "etc/file",
		"/../etc/file",	 "/etc/same",
		"/usr/up",	 "/usr/top",
		"/usr/dir/file", "/usr/twin",
		"//etc///file",	 "/usr/../usr/dir/../etc/file",
	};
	struct cfs_node *file, *node;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = make(&file);

	for (size_t i = 0; i < CFS_ARRAY_SIZE(paths); i++) {
		CHECK_EQ(cfs_tree_resolve(tree, paths[i], &node, &err), 1);
		CHECK(node == cfs_node_inode(file));
	}
	CHECK_EQ(cfs_tree_resolve(tree, "/..", &node, &err), 1);
	CHECK(node == tree->root);
}

TEST(paths_that_lead_nowhere_are_absent)
{
	static const char *const paths[] = { "/no", "/etc/file/x", "/etc/lost",
					     "/usr/top/.." };
	struct cfs_node *file, *node = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = make(&file);

	for (size_t i = 0; i < CFS_ARRAY_SIZE(paths); i++)
		CHECK_EQ(cfs_tree_resolve(tree, paths[i], &node, &err), 0);
	CHECK(!node);
}

TEST(a_loop_and_an_endless_path_are_errors)
{
	char path[CFS_TARGET_MAX + 2], grows[CFS_TARGET_MAX + 1];
	struct cfs_tree *tree;
	struct cfs_node *file, *node;

	tree = make(&file);
	CHECK_EQ(cfs_tree_resolve(tree, "/etc/loop", &node, &err), -ELOOP);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	CHECK_EQ(cfs_tree_resolve(tree, path, &node, &err), -ENAMETOOLONG);
	path[CFS_TARGET_MAX] = '\0';
	CHECK_EQ(cfs_tree_resolve(tree, path, &node, &err), 0);
	cfs_tree_free(tree);

	/* A target that leads back to its link, and always leaves a rest. */
	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	strcpy(grows, "g/");
	memset(grows + 2, 'y', 2500);
	grows[2502] = '\0';
	add_link(tree, tree->root, "g", grows);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(cfs_tree_resolve(tree, "/g", &node, &err), -ENAMETOOLONG);
	cfs_tree_free(tree);
}
