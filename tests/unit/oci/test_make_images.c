/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/image_store.h"
#include "tests/unit/oci/pulled.h"

static void pull(struct cfs_store *store, const char *layout,
		 struct cfs_oci_pulled *ret)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest;

	base_layer(&tar);
	start(store);
	CHECK_EQ(pull_with(store, layout_of(layout, &tar, &manifest),
			   (struct cfs_oci_pull){ 0 }, ret),
		 0);
}

static int make_images(struct cfs_store *store, struct cfs_oci_image *image,
		       unsigned formats, bool bootable)
{
	const struct cfs_oci_tree_options options = { 0 };

	return cfs_oci_make_images(store, image, formats, bootable, &options,
				   &err);
}

/* Does the configuration, as it is in the repository, have this image, and does
 * the repository? */
static bool has(struct cfs_store *store, const struct cfs_oci_id *id, bool v1,
		bool bootable)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	const struct cfs_oci_erofs erofs = { .v1 = v1, .bootable = bootable };
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest found;

	CHECK_EQ(cfs_oci_image_open(&store->repo, id, &image, &err), 1);
	if (!cfs_oci_image_erofs(&image, &erofs, &found))
		return false;
	cfs_digest_to_hex(&found, hex);
	return count(root, "images", hex) == 1;
}

TEST(each_format_that_is_wanted_is_made_and_referred_to)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	const struct cfs_oci_id *id = &pulled.image.id;

	pull(&store, "formats", &pulled);
	CHECK(has(&store, id, true, false));
	CHECK(!has(&store, id, false, false) && !has(&store, id, true, true));
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 2, false), 0);
	CHECK(has(&store, id, true, false) && has(&store, id, false, false));
	CHECK(!has(&store, id, false, true));
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 1 | 1u << 2, true),
		 0);
	CHECK(has(&store, id, true, true) && has(&store, id, false, true));
}

TEST(images_that_are_there_are_not_made_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char path[CFS_OBJECT_PATH_MAX];

	pull(&store, "there", &pulled);
	/* Without its layer no image could be made. */
	cfs_digest_to_path(&pulled.image.layers[0], path);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 1, false), 0);
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 1, true), -ENOENT);
	CHECK(said("layer 0 (sha256:"));
}

TEST(an_image_that_is_gone_is_made_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	const struct cfs_oci_erofs erofs = { .v1 = true };
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id;

	pull(&store, "gone", &pulled);
	CHECK(cfs_oci_image_erofs(&pulled.image, &erofs, &id));
	cfs_digest_to_path(&id, path);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 1, false), 0);
	CHECK_EQ(faccessat(store.objects, path, F_OK, 0), 0);
}
