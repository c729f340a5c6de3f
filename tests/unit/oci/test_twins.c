/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/twins.h"

#include "repo/lock.h"
#include "repo/object.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;

#define SIZE (3 * CFS_TWIN_MIN + 100)

static void start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	const char *root = fresh_dir();

	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .model = 1 };
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &err), 0);
}

static struct cfs_bytes text(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct cfs_node *add(struct cfs_tree *tree, struct cfs_node *dir,
			    const char *name, uint64_t size, uint8_t fill)
{
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 };
	struct cfs_node *node;

	memset(id.bytes, fill, 32);
	CHECK_EQ(cfs_node_add(tree, dir, text(name), S_IFREG | 0644, &node,
			      &err),
		 0);
	CHECK_EQ(cfs_node_set_object(tree, node, size, &id, &err), 0);
	return node;
}

static int has(const struct cfs_twins *twins, const char *path, uint64_t size)
{
	struct cfs_digest id;

	return cfs_twins_find(twins, text(path), size, &id) ? id.bytes[31] : -1;
}

TEST(files_are_found_by_path_and_size)
{
	CFS_AUTO(cfs_twins_free) struct cfs_twins *twins = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_node *dir, *big, *other;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	CHECK_EQ(cfs_node_add(tree, tree->root, text("usr"), S_IFDIR | 0755,
			      &dir, &err),
		 0);
	big = add(tree, dir, "big", 100000, 7);
	add(tree, dir, "least", CFS_TWIN_MIN, 8);
	add(tree, dir, "short", CFS_TWIN_MIN - 1, 9);
	CHECK_EQ(cfs_node_add(tree, tree->root, text("other"), S_IFREG | 0644,
			      &other, &err),
		 0);
	cfs_node_set_link(other, big);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(cfs_twins_new(tree, &twins, &err), 0);

	CHECK_EQ(has(twins, "usr/big", 100000), 7);
	CHECK_EQ(has(twins, "other", 100000), 7);
	CHECK_EQ(has(twins, "usr/least", CFS_TWIN_MIN), 8);
	CHECK_EQ(has(twins, "usr/short", CFS_TWIN_MIN - 1), -1);
	CHECK_EQ(has(twins, "usr/big", 100001), -1);
	CHECK_EQ(has(twins, "usr/big2", 100000), -1);
	CHECK_EQ(has(twins, "", 100000), -1);
}

TEST(a_tree_without_files_has_no_twins)
{
	CFS_AUTO(cfs_twins_free) struct cfs_twins *twins = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	CHECK_EQ(cfs_twins_new(tree, &twins, &err), 0);
	CHECK_EQ(has(twins, "usr/big", 100000), -1);
}

static void fill(uint8_t *data)
{
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 11);
}

/* Compares @file, read @step bytes at a time, with @id, and if it is another,
 * reads it again from the beginning. */
static int compare(struct cfs_store *store, const struct cfs_digest *id,
		   struct cfs_bytes file)
{
	CFS_AUTOTWIN struct cfs_twin twin = CFS_TWIN_INIT;
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	struct cfs_bytes rest = file;
	const struct cfs_source source = cfs_source_of_bytes(&rest);
	struct cfs_source whole;
	int r;

	CHECK(cfs_twin_open(&twin, store, id, SIZE));
	r = cfs_twin_compare(&twin, &source, &err);
	CHECK(r >= 0);
	if (r > 0) {
		CHECK_EQ(rest.len, 0);
		return r;
	}
	whole = cfs_twin_source(&twin);
	CHECK_EQ(cfs_source_all(&whole, SIZE, &again, &err), 0);
	CHECK_EQ(again.len, file.len);
	CHECK_MEM(again.data, file.data, file.len);
	return r;
}

TEST(a_file_that_differs_can_be_read_from_its_beginning)
{
	static const size_t places[] = { 0, CFS_TWIN_MIN - 1, CFS_TWIN_MIN,
					 2 * CFS_TWIN_MIN + 5, SIZE - 1 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	static uint8_t data[SIZE];
	struct cfs_bytes all = { data, SIZE };
	struct cfs_digest id;

	start(&store);
	fill(data);
	CHECK_EQ(cfs_object_add_bytes(&store, all, &id, &err), 0);
	CHECK_EQ(compare(&store, &id, all), 1);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(places); i++) {
		data[places[i]] ^= 1;
		CHECK_EQ(compare(&store, &id, all), 0);
		data[places[i]] ^= 1;
	}
	all.len = SIZE - 1; /* an archive that was cut off */
	CHECK_EQ(compare(&store, &id, all), 0);
	all.len = 0;
	CHECK_EQ(compare(&store, &id, all), 0);
}

TEST(an_object_that_is_missing_or_of_another_size_is_no_twin)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOTWIN struct cfs_twin twin = CFS_TWIN_INIT;
	static uint8_t data[SIZE];
	struct cfs_bytes all = { data, SIZE };
	struct cfs_digest id;

	start(&store);
	fill(data);
	CHECK_EQ(cfs_object_add_bytes(&store, all, &id, &err), 0);
	CHECK(cfs_twin_open(&twin, &store, &id, SIZE));
	CHECK(!cfs_twin_open(&twin, &store, &id, SIZE - 1));
	id.bytes[0] ^= 1;
	CHECK(!cfs_twin_open(&twin, &store, &id, SIZE));
}

TEST(where_fs_verity_is_demanded_the_kernel_must_vouch_for_a_twin)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOTWIN struct cfs_twin twin = CFS_TWIN_INIT;
	static uint8_t data[SIZE];
	struct cfs_bytes all = { data, SIZE };
	struct cfs_digest id;

	start(&store);
	fill(data);
	CHECK_EQ(cfs_object_add_bytes(&store, all, &id, &err), 0);
	store.secure = true;
	CHECK(cfs_twin_open(&twin, &store, &id, SIZE));
	fake = (struct fake_kernel){ .measure_result = -ENODATA };
	CHECK(!cfs_twin_open(&twin, &store, &id, SIZE));
	fake = (struct fake_kernel){ .alg = CFS_ALG_SHA256, .fill = 0x55 };
	CHECK(!cfs_twin_open(&twin, &store, &id, SIZE));
	fake = (struct fake_kernel){ .alg = CFS_ALG_SHA256,
				     .digest = id.bytes };
	CHECK(cfs_twin_open(&twin, &store, &id, SIZE));
}
