/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/node_content.h"

#include "repo/object.h"
#include "tests/test.h"
#include "tests/unit/repo/store.h"
#include "tree/small_objects.h"

static struct cfs_err err;

static const char text[] = "content of a file";

static struct cfs_node *file(struct cfs_tree *tree)
{
	const struct cfs_bytes name = { (const uint8_t *)"f", 1 };
	struct cfs_node *node;

	CHECK_EQ(cfs_node_add(tree, tree->root, name, S_IFREG | 0644, &node,
			      &err),
		 0);
	return node;
}

static void check_is(const struct cfs_buf *found)
{
	CHECK_EQ(found->len, strlen(text));
	CHECK(memcmp(found->data, text, found->len) == 0);
}

TEST(content_is_that_of_the_tree_or_of_the_object)
{
	const struct cfs_bytes all = { (const uint8_t *)text, strlen(text) };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf a = { 0 }, b = { 0 }, c = { 0 };
	struct cfs_store store;
	struct cfs_node *node;
	struct cfs_digest id;
	char path[CFS_OBJECT_PATH_MAX];

	start(&store);
	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	node = file(tree);
	CHECK_EQ(cfs_node_set_content(tree, node, all, &err), 0);
	CHECK_EQ(cfs_node_content(store.objects, tree, node, all.len, &a, &err),
		 0);
	check_is(&a);
	CHECK_EQ(cfs_node_content(store.objects, tree, node, all.len - 1, &c,
				  &err),
		 -EFBIG);

	CHECK_EQ(cfs_object_add_bytes(&store, all, &id, &err), 0);
	CHECK_EQ(cfs_node_set_object(tree, node, all.len, &id, &err), 0);
	node->flags &= (uint8_t)~CFS_NODE_INLINE;
	CHECK_EQ(cfs_node_content(store.objects, tree, node, all.len, &b, &err),
		 0);
	check_is(&b);
	CHECK_EQ(cfs_node_content(store.objects, tree, node, all.len - 1, &c,
				  &err),
		 -EFBIG);

	cfs_digest_to_path(&id, path);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK_EQ(cfs_node_content(store.objects, tree, node, all.len, &c, &err),
		 -ENOENT);
	CHECK(strstr(err.msg, "/f"));
	put(root, "other", "content of a fil?");
	CHECK_EQ(renameat(store.repo.fd, "other", store.objects, path), 0);
	CHECK_EQ(cfs_node_content(store.objects, tree, node, all.len, &c, &err),
		 -EBADMSG);
	CHECK_EQ(c.len, 0);
	cfs_store_close(&store);
}

TEST(content_of_an_object_that_no_repository_has_yet_is_that_of_the_tree)
{
	const struct cfs_bytes all = { (const uint8_t *)text, strlen(text) };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf content = { 0 };
	struct cfs_store store;
	struct cfs_node *node;

	start(&store);
	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	node = file(tree);
	node->mode |= 0111;
	CHECK_EQ(cfs_node_set_content(tree, node, all, &err), 0);
	CHECK_EQ(cfs_tree_make_small_objects(tree, CFS_ALG_SHA256, &err), 0);
	CHECK(cfs_node_is_external(node));
	CHECK_EQ(cfs_node_content(store.objects, tree, node, all.len, &content,
				  &err),
		 0);
	check_is(&content);
	cfs_store_close(&store);
}
