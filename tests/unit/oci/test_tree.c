/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/tree.h"

#include "tests/unit/oci/pulled.h"

/* Pulls an image of two layers: the second takes usr/small away and makes
 * usr/large another file. */
static void pull_two(struct cfs_store *store, const char *name,
		     struct cfs_oci_pulled *ret)
{
	CFS_AUTOBUF struct cfs_buf base = { 0 }, top = { 0 };
	char *dir = new_layout(name), *layers, *ids;

	base_layer(&base);
	tar_dir(&top, "usr/", 0700);
	tar_file(&top, "usr/.wh.small", "");
	tar_file(&top, "usr/large", "small now");
	tar_end(&top);
	layers = text("%s,%s", put_bytes(dir, T_LAYER, &base),
		      put_bytes(dir, T_LAYER, &top));
	ids = text("\"%s\",\"%s\"", id_of_buf(&base).text,
		   id_of_buf(&top).text);
	put_index(dir, put_container(dir, layers, ids));
	start(store);
	CHECK_EQ(pull_with(store, dir, (struct cfs_oci_pull){ 0 }, ret), 0);
}

static struct cfs_node *find(struct cfs_tree *tree, const char *path)
{
	struct cfs_node *node = NULL;
	int r = cfs_tree_lookup(tree, path, &node, &err);

	return r > 0 ? node : NULL;
}

static int make_tree(const struct cfs_store *store,
		     const struct cfs_oci_pulled *pulled,
		     struct cfs_oci_tree_options options, struct cfs_tree **ret)
{
	return cfs_oci_image_tree(&store->repo, &pulled->image, &options, ret,
				  &err);
}

TEST(layers_are_merged_in_their_order)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	pull_two(&store, "merged", &pulled);
	CHECK_EQ(make_tree(&store, &pulled, (struct cfs_oci_tree_options){ 0 },
			   &tree),
		 0);
	CHECK(!find(tree, "/usr/small"));
	CHECK_EQ(find(tree, "/usr/large")->size, 9);
	/* The root is like /usr, but as the layers have it if asked for. */
	CHECK_EQ(tree->root->mode & 07777, 0700);
	cfs_tree_free(tree);
	tree = NULL;
	CHECK_EQ(make_tree(&store, &pulled,
			   (struct cfs_oci_tree_options){ .as_is = true },
			   &tree),
		 0);
	CHECK((tree->root->mode & 07777) != 0700);
}

TEST(a_layer_alone_has_no_whiteouts_and_no_other_layer)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL, *none = NULL;
	struct cfs_oci_tree_options options = { .one_layer = true, .layer = 1 };

	pull_two(&store, "alone", &pulled);
	CHECK_EQ(make_tree(&store, &pulled, options, &tree), 0);
	CHECK(find(tree, "/usr/large") && !find(tree, "/usr/.wh.small"));
	CHECK(!find(tree, "/boot"));
	options.layer = 2;
	CHECK_EQ(make_tree(&store, &pulled, options, &none), -ENOENT);
	CHECK(said("there is no layer 2: the image has 2"));
}

TEST(an_artifact_has_no_tree)
{
	const struct cfs_oci_image image = { .is_container = false };
	const struct cfs_oci_tree_options options = { 0 };
	struct cfs_oci_layer_range range = { 7, 9 };

	CHECK_EQ(cfs_oci_tree_layers(&image, &options, &range, &err), -EINVAL);
	CHECK_EQ(range.first, 7);
}

TEST(a_tree_to_boot_has_empty_mount_points)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	pull_two(&store, "boot", &pulled);
	CHECK_EQ(make_tree(&store, &pulled,
			   (struct cfs_oci_tree_options){ .bootable = true },
			   &tree),
		 0);
	CHECK_EQ(find(tree, "/boot")->mtime_sec, find(tree, "/usr")->mtime_sec);
}

TEST(a_layer_whose_stream_is_gone_is_named)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	char path[CFS_OBJECT_PATH_MAX];

	pull_two(&store, "gone", &pulled);
	cfs_digest_to_path(&pulled.image.layers[1], path);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK_EQ(make_tree(&store, &pulled, (struct cfs_oci_tree_options){ 0 },
			   &tree),
		 -ENOENT);
	CHECK(said("layer 1 (sha256:"));
	CHECK(!tree);
}
