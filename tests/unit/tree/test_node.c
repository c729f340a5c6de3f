/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/node.h"

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

static struct cfs_tree *new_tree(void)
{
	struct cfs_tree *tree;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	return tree;
}

TEST(names_that_cannot_be_are_refused)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	static const char *const bad[] = { "", ".", "..", "a/b", "/" };
	struct cfs_node *node, *root = tree->root;
	char name[257];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_node_add(tree, root, bytes(bad[i]), S_IFREG, &node,
				      &err),
			 -EINVAL);
	CHECK_EQ(cfs_node_add(tree, root,
			      (struct cfs_bytes){ (const uint8_t *)"a\0b", 3 },
			      S_IFREG, &node, &err),
		 -EINVAL);
	memset(name, 'x', 256);
	name[256] = '\0';
	CHECK_EQ(cfs_node_add(tree, root, bytes(name), S_IFREG, &node, &err),
		 -ENAMETOOLONG);
	name[255] = '\0';
	CHECK_EQ(cfs_node_add(tree, root, bytes(name), S_IFREG, &node, &err),
		 0);
	CHECK_EQ(cfs_node_add(tree, root, bytes("a"), 0644, &node, &err),
		 -EINVAL);
	CHECK_EQ(cfs_node_add(tree, root, bytes("..."), S_IFREG, &node, &err),
		 0);
}

TEST(paths_are_found_and_those_that_are_not_are_not)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *a = add(tree, tree->root, "a", S_IFDIR | 0755);
	struct cfs_node *b = add(tree, a, "b", S_IFREG | 0644), *got;

	CHECK_EQ(cfs_tree_lookup(tree, "/", &got, &err), 1);
	CHECK_EQ(got, tree->root);
	CHECK_EQ(cfs_tree_lookup(tree, "a//b", &got, &err), 1);
	CHECK_EQ(got, b);
	CHECK_EQ(cfs_tree_lookup(tree, "/a/b/c", &got, &err), 0);
	CHECK_EQ(cfs_tree_lookup(tree, "/b", &got, &err), 0);
	CHECK_EQ(cfs_node_child(tree->root, "a"), a);
	CHECK(!cfs_node_child(tree->root, "b"));
	/* After the index is there as well. */
	b = add(tree, a, "c", S_IFREG | 0644);
	CHECK_EQ(cfs_node_find(tree, a, bytes("c"), &got, &err), 1);
	CHECK_EQ(got, b);
}

TEST(a_removed_name_is_gone_and_can_be_made_again)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *a = add(tree, tree->root, "a", S_IFDIR | 0755);
	struct cfs_node *b = add(tree, a, "b", S_IFREG | 0644), *got;

	CHECK_EQ(cfs_tree_lookup(tree, "a/b", &got, &err), 1);
	cfs_node_remove(tree, a);
	CHECK(!cfs_node_child(tree->root, "a"));
	CHECK_EQ(cfs_tree_lookup(tree, "a", &got, &err), 0);
	CHECK_EQ(cfs_tree_lookup(tree, "a/b", &got, &err), 0);
	a = add(tree, tree->root, "a", S_IFREG | 0600);
	CHECK_EQ(cfs_tree_lookup(tree, "a", &got, &err), 1);
	CHECK_EQ(got, a);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(tree->root->dir.first, a);
	CHECK(!a->next);
	CHECK(b->flags & CFS_NODE_GONE);
}

TEST(contents_and_targets_have_limits)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *f = add(tree, tree->root, "f", S_IFREG);
	struct cfs_node *l = add(tree, tree->root, "l", S_IFLNK);
	static uint8_t data[5001];

	CHECK_EQ(cfs_node_set_content(tree, f, (struct cfs_bytes){ data, 5001 },
				      &err),
		 -EFBIG);
	CHECK_EQ(cfs_node_set_content(tree, f, (struct cfs_bytes){ data, 5000 },
				      &err),
		 0);
	CHECK_EQ(f->size, 5000);
	CHECK(f->flags & CFS_NODE_INLINE);
	CHECK(!cfs_node_is_external(f));
	CHECK_EQ(cfs_node_set_target(tree, l, bytes(""), &err), -EINVAL);
	CHECK_EQ(cfs_node_set_target(tree, l, (struct cfs_bytes){ data, 2 },
				     &err),
		 -EINVAL);
	memset(data, 'x', sizeof(data));
	CHECK_EQ(cfs_node_set_target(tree, l, (struct cfs_bytes){ data, 4096 },
				     &err),
		 -ENAMETOOLONG);
	CHECK_EQ(cfs_node_set_target(tree, l, (struct cfs_bytes){ data, 4095 },
				     &err),
		 0);
	CHECK_EQ(l->size, 4095);
}

TEST(a_backing_path_that_is_the_objects_is_not_kept)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *f = add(tree, tree->root, "f", S_IFREG);
	struct cfs_node *g = add(tree, tree->root, "g", S_IFREG);
	struct cfs_node *h = add(tree, tree->root, "h", S_IFREG);
	struct cfs_digest digest = { .alg = CFS_ALG_SHA256 }, got, big;
	char path[CFS_OBJECT_PATH_MAX], buf[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(&digest, path);
	CHECK_EQ(cfs_node_set_backing(tree, f, 9, bytes(path), &digest, &err),
		 0);
	CHECK(f->flags & CFS_NODE_OBJECT && !f->file.data);
	CHECK_STR(cfs_node_backing(tree, f, buf), path);
	CHECK(cfs_node_digest(tree, f, &got));
	CHECK(cfs_digest_equal(&got, &digest));

	CHECK_EQ(cfs_node_set_backing(tree, g, 9, bytes("other"), NULL, &err),
		 0);
	CHECK_STR(cfs_node_backing(tree, g, buf), "other");
	CHECK(!cfs_node_digest(tree, g, &got));

	big = digest;
	big.alg = CFS_ALG_SHA512;
	CHECK_EQ(cfs_node_set_object(tree, h, 9, &big, &err), -EINVAL);
	CHECK(strstr(err.msg, "same algorithm"));
}

TEST(a_digest_may_come_later)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *f = add(tree, tree->root, "f", S_IFREG);
	struct cfs_node *g = add(tree, tree->root, "g", S_IFREG);
	struct cfs_digest want = { .alg = CFS_ALG_SHA512 }, got;
	uint8_t *place;

	CHECK_EQ(cfs_node_reserve_object(tree, f, 9, CFS_ALG_SHA512, &place,
					 &err),
		 0);
	memset(want.bytes, 0xa5, sizeof(want.bytes));
	memcpy(place, want.bytes, sizeof(want.bytes));
	CHECK(cfs_node_is_external(f) && f->flags & CFS_NODE_OBJECT);
	CHECK(cfs_node_digest(tree, f, &got) && cfs_digest_equal(&got, &want));
	CHECK_EQ(cfs_node_reserve_object(tree, g, 9, CFS_ALG_SHA256, &place,
					 &err),
		 -EINVAL);
	CHECK(strstr(err.msg, "same algorithm"));
}

TEST(a_link_can_become_an_inode_like_its_own)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = new_tree();
	struct cfs_node *f = add(tree, tree->root, "f", S_IFREG | 0600);
	struct cfs_node *g = add(tree, tree->root, "g", S_IFREG);

	CHECK_EQ(cfs_node_set_content(tree, f, bytes("data"), &err), 0);
	f->uid = 7;
	f->mtime_sec = 5;
	cfs_node_set_link(g, f);
	cfs_node_copy_inode(g, g->link);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK(!(g->flags & CFS_NODE_LINK) && g->flags & CFS_NODE_INLINE);
	CHECK_EQ(g->mode, (S_IFREG | 0600));
	CHECK_EQ(g->uid, 7);
	CHECK_EQ(g->mtime_sec, 5);
	CHECK_EQ(g->size, 4);
	CHECK_MEM(g->file.data, "data", 4);
	CHECK_EQ(f->nlink, 1);
	CHECK_EQ(g->nlink, 1);
}
