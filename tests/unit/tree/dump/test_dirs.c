/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/dirs.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static struct cfs_node *add(struct cfs_tree *tree, struct cfs_node *dir,
			    const char *name, uint32_t mode)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_node_add(tree, dir, bytes(name), mode, &node, &err), 0);
	return node;
}

static struct cfs_node *find(struct cfs_dump_dirs *dirs,
			     const struct cfs_node *parent, const char *name)
{
	struct cfs_node *node = NULL;
	int r = cfs_dump_dirs_find(dirs, parent, bytes(name), &node, &err);

	CHECK_EQ(r, (node != NULL));
	return node;
}

TEST(directories_from_before_and_after_the_first_question_are_found)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_node *early, *late, *deep;
	struct cfs_dump_dirs dirs;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	cfs_dump_dirs_init(&dirs, tree);
	early = add(tree, tree->root, "early", S_IFDIR);
	CHECK_EQ(cfs_dump_dirs_add(&dirs, early, &err), 0);
	CHECK(!dirs.table.slots);
	CHECK_EQ(find(&dirs, tree->root, "early"), early);
	late = add(tree, tree->root, "late", S_IFDIR);
	deep = add(tree, late, "early", S_IFDIR);
	CHECK(!find(&dirs, tree->root, "late"));
	CHECK_EQ(cfs_dump_dirs_add(&dirs, late, &err), 0);
	CHECK_EQ(cfs_dump_dirs_add(&dirs, deep, &err), 0);
	CHECK_EQ(find(&dirs, tree->root, "late"), late);
	CHECK_EQ(find(&dirs, late, "early"), deep);
	CHECK(!find(&dirs, early, "early"));
	cfs_dump_dirs_free(&dirs);
}

TEST(what_is_no_directory_is_not_found)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_dump_dirs dirs;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	cfs_dump_dirs_init(&dirs, tree);
	add(tree, tree->root, "file", S_IFREG);
	CHECK(!find(&dirs, tree->root, "file"));
	CHECK(!find(&dirs, tree->root, ""));
	cfs_dump_dirs_free(&dirs);
}

TEST(the_first_of_two_directories_of_a_name_stays)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_node *first, *second;
	struct cfs_dump_dirs dirs;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	cfs_dump_dirs_init(&dirs, tree);
	first = add(tree, tree->root, "d", S_IFDIR);
	CHECK_EQ(find(&dirs, tree->root, "d"), first);
	second = add(tree, tree->root, "d", S_IFDIR);
	CHECK_EQ(cfs_dump_dirs_add(&dirs, second, &err), 0);
	CHECK_EQ(find(&dirs, tree->root, "d"), first);
	cfs_dump_dirs_free(&dirs);
}
