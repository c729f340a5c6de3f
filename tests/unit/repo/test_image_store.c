/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/image_store.h"

#include "base/io.h"
#include "erofs/writer.h"
#include "repo/object.h"
#include "tests/unit/repo/store.h"
#include "tree/small_objects.h"

static struct cfs_err err;

/* A directory of @n files with some content. */
static struct cfs_tree *tree_of(unsigned n)
{
	struct cfs_tree *tree;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	for (unsigned i = 0; i < n; i++) {
		char name[16];
		struct cfs_bytes bytes = { (uint8_t *)name, 0 };
		struct cfs_node *node;

		bytes.len = (size_t)snprintf(name, sizeof(name), "f%u", i);
		CHECK_EQ(cfs_node_add(tree, tree->root, bytes, S_IFREG | 0644,
				      &node, &err),
			 0);
		CHECK_EQ(cfs_node_set_content(tree, node, bytes, &err), 0);
	}
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	return tree;
}

TEST(an_image_is_stored_as_it_is_written_to_memory)
{
	static const unsigned sizes[] = { 0, 1, 10000 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(sizes) * 3; i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		CFS_AUTO(cfs_tree_free)
		struct cfs_tree *tree = tree_of(sizes[i / 3]);
		CFS_AUTOBUF struct cfs_buf want = { 0 }, have = { 0 };
		char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] =
			"objects/";
		struct cfs_digest id, again;
		uint64_t size;

		start(&store);
		CHECK_EQ(cfs_erofs_write(tree, (unsigned)i % 3, 0, &want, &err),
			 0);
		CHECK_EQ(cfs_image_store(&store, tree, (unsigned)i % 3, &id,
					 &err),
			 0);
		cfs_digest_to_path(&id, path + strlen(path));
		CHECK_EQ(cfs_read_file(store.repo.fd, path, SIZE_MAX / 2, &have,
				       &err),
			 1);
		CHECK_EQ(have.len, want.len);
		CHECK_MEM(have.data, want.data, want.len);
		CHECK_EQ(cfs_image_compute(tree, (unsigned)i % 3,
					   CFS_ALG_SHA256, &again, &size, &err),
			 0);
		CHECK(cfs_digest_equal(&id, &again));
		CHECK_EQ(size, want.len);
		CHECK_EQ(store.stats.added, 1);
		CHECK_EQ(cfs_image_store(&store, tree, (unsigned)i % 3, &again,
					 &err),
			 0);
		CHECK_EQ(store.stats.added, 1);
		CHECK_EQ(store.stats.present, 1);
	}
}

TEST(small_objects_are_stored_with_the_image_or_when_they_were_lost)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = tree_of(2);
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id;

	start(&store);
	tree->root->dir.first->mode |= 0100;
	CHECK_EQ(cfs_tree_make_small_objects(tree, CFS_ALG_SHA256, &err), 0);
	cfs_digest_to_path(&tree->small->id, path);
	CHECK_EQ(cfs_image_store(&store, tree, 1, &id, &err), 0);
	CHECK_EQ(store.stats.added, 2);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK_EQ(cfs_image_store(&store, tree, 1, &id, &err), 0);
	CHECK_EQ(store.stats.added, 3);
	CHECK_EQ(faccessat(store.objects, path, F_OK, 0), 0);
}
