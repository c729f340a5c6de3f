/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/test.h"
#include "tree/node.h"

static struct cfs_err err;

static struct cfs_node *add(struct cfs_tree *tree, struct cfs_node *dir,
			    const char *name, uint32_t mode)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_node_add(tree, dir,
			      (struct cfs_bytes){ (const uint8_t *)name,
						  strlen(name) },
			      mode, &node, &err),
		 0);
	return node;
}

static struct cfs_tree *new_tree(void)
{
	struct cfs_tree *tree;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	return tree;
}

TEST(children_come_in_the_order_of_their_bytes)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	static const char *const names[] = { "b",  "a",	  "\xff", "!",
					     "a.", "...", "B",	  "ab",
					     "-",  "a-b", "a_b",  "0" };
	static const char *const want[] = { "!",   "-",	 "...", "0",
					    "B",   "a",	 "a-b", "a.",
					    "a_b", "ab", "b",	"\xff" };
	size_t i = 0;

	for (size_t k = 0; k < CFS_ARRAY_SIZE(names); k++)
		add(tree, tree->root, names[k], S_IFREG);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	for (struct cfs_node *n = tree->root->dir.first; n; n = n->next)
		CHECK_STR(n->name, want[i++]);
	CHECK_EQ(i, CFS_ARRAY_SIZE(want));
	CHECK_STR(tree->root->dir.last->name, "\xff");
}

TEST(ten_thousand_names_in_reverse_are_sorted)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	const struct cfs_node *n;
	char name[16];
	int i = 0;

	for (int k = 9999; k >= 0; k--) {
		snprintf(name, sizeof(name), "%05d", k);
		add(tree, tree->root, name, S_IFREG);
	}
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	for (n = tree->root->dir.first; n; n = n->next)
		CHECK_EQ(atoi(n->name), i++);
	CHECK_EQ(i, 10000);
}

TEST(a_name_that_occurs_twice_is_refused)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *d = add(tree, tree->root, "d", S_IFDIR);

	add(tree, d, "x", S_IFREG);
	add(tree, d, "y", S_IFREG);
	add(tree, d, "x", S_IFDIR);
	CHECK_EQ(cfs_tree_finish(tree, &err), -EEXIST);
	CHECK(strstr(err.msg, "/d/x"));
}

TEST(the_first_name_in_depth_first_order_is_the_inode)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *z = add(tree, tree->root, "z", S_IFREG | 0600);
	struct cfs_node *d = add(tree, tree->root, "d", S_IFDIR | 0700);
	struct cfs_node *l = add(tree, d, "l", S_IFREG);
	struct cfs_node *m = add(tree, tree->root, "m", S_IFREG);

	z->uid = 7;
	cfs_node_set_link(l, z);
	cfs_node_set_link(m, l);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK(!(l->flags & CFS_NODE_LINK));
	CHECK_EQ(l->uid, 7);
	CHECK_EQ(l->nlink, 3);
	CHECK_EQ((l->mode & 07777), 0600);
	CHECK_STR(l->name, "l");
	CHECK_EQ(m->link, l);
	CHECK_EQ(z->link, l);
	CHECK_EQ(l->parent, d);
	CHECK_EQ(cfs_node_inode(z), l);
	CHECK_EQ(cfs_node_inode(l), l);
	CHECK_EQ(d->nlink, 2);
	CHECK_EQ(tree->root->nlink, 3);
	/* Again changes nothing. */
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(l->nlink, 3);
	CHECK_EQ(z->link, l);
}

TEST(other_names_keep_an_inode_whose_own_is_removed)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *a = add(tree, tree->root, "a", S_IFREG | 0600);
	struct cfs_node *b = add(tree, tree->root, "b", S_IFREG);
	struct cfs_node *c = add(tree, tree->root, "c", S_IFREG);

	cfs_node_set_link(b, a);
	cfs_node_set_link(c, a);
	a->gid = 9;
	cfs_node_remove(tree, a);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(tree->root->dir.first, b);
	CHECK_EQ(b->gid, 9);
	CHECK_EQ(b->nlink, 2);
	CHECK(!(b->flags & (CFS_NODE_LINK | CFS_NODE_GONE)));
	CHECK_EQ(c->link, b);
}

TEST(clearing_a_directory_leaves_it)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *d = add(tree, tree->root, "d", S_IFDIR);

	add(tree, add(tree, d, "e", S_IFDIR), "f", S_IFREG);
	cfs_node_clear(tree, d);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(tree->root->dir.first, d);
	CHECK(!d->dir.first);
	CHECK_EQ(d->nlink, 2);
}

TEST(a_walk_meets_every_node_once_parents_first)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *a = add(tree, tree->root, "a", S_IFDIR);
	struct cfs_node *b = add(tree, a, "b", S_IFDIR);
	struct cfs_node *c = add(tree, tree->root, "c", S_IFREG);

	CHECK_EQ(cfs_node_walk(tree->root, NULL), tree->root);
	CHECK_EQ(cfs_node_walk(tree->root, tree->root), a);
	CHECK_EQ(cfs_node_walk(tree->root, a), b);
	CHECK_EQ(cfs_node_walk(tree->root, b), c);
	CHECK(!cfs_node_walk(tree->root, c));
	CHECK(!cfs_node_walk(a, b));
}

TEST(paths_are_whole_and_names_for_people_are_safe)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	struct cfs_node *node = tree->root;
	char name[CFS_NODE_NAME_MAX], part[101];

	CHECK_STR(cfs_node_name(node, name), "/");
	cfs_node_path(node, &path);
	CHECK_EQ(path.len, 1);
	CHECK_EQ(path.data[0], '/');
	node = add(tree, node, "a\nb", S_IFDIR);
	CHECK_STR(cfs_node_name(node, name), "/a?b");
	path.len = 0;
	cfs_node_path(node, &path);
	CHECK_EQ(path.len, 4);
	CHECK_MEM(path.data, "/a\nb", 4);
	memset(part, 'x', 100);
	part[100] = '\0';
	for (int i = 0; i < 5; i++)
		node = add(tree, node, part, S_IFDIR);
	CHECK_EQ(strlen(cfs_node_name(node, name)), CFS_NODE_NAME_MAX - 1);
	CHECK_EQ(strncmp(name, "...", 3), 0);
	path.len = 0;
	cfs_node_path(node, &path);
	CHECK_EQ(path.len, 4 + 5 * 101);
}

/* Source: composefs-rs erofs/reader.rs, which reads no deeper ones. */
TEST(directories_beyond_a_depth_are_refused)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *node = tree->root;

	/* What is beside does not count. */
	for (int i = 0; i < CFS_DEPTH_MAX; i++) {
		add(tree, node, "a", S_IFDIR);
		add(tree, add(tree, node, "c", S_IFDIR), "f", S_IFREG);
		node = add(tree, node, "b", S_IFDIR);
	}
	add(tree, node, "f", S_IFREG);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	add(tree, node, "b", S_IFDIR);
	CHECK_EQ(cfs_tree_finish(tree, &err), -ELOOP);
	CHECK(strstr(err.msg, "/b/b: over 4095 levels deep"));
}

TEST(removed_children_can_be_taken_out_before_the_tree_is_sorted)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	static const char *const names[] = { "a", "b", "c", "d" };
	struct cfs_node *node[4], *root = tree->root;

	for (size_t i = 0; i < 4; i++)
		node[i] = add(tree, root, names[i], S_IFREG);
	cfs_node_remove(tree, node[0]);
	cfs_node_remove(tree, node[3]);
	cfs_node_prune(root);
	CHECK_EQ(root->dir.first, node[1]);
	CHECK_EQ(node[1]->next, node[2]);
	CHECK_EQ(root->dir.last, node[2]);
	CHECK(!node[2]->next);
	add(tree, root, "0", S_IFREG);
	cfs_node_remove(tree, node[1]);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_STR(root->dir.first->name, "0");
	CHECK_EQ(root->dir.first->next, node[2]);
	CHECK_EQ(root->dir.last, node[2]);
	cfs_node_remove(tree, node[2]);
	cfs_node_remove(tree, root->dir.first);
	cfs_node_prune(root);
	CHECK(!root->dir.first && !root->dir.last);
}
