/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/merkle.h"
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

static struct cfs_digest erofs_of(const struct cfs_oci_image *image)
{
	const struct cfs_oci_erofs erofs = { .v1 = true };
	struct cfs_digest id = { 0 };

	CHECK(cfs_oci_image_erofs(image, &erofs, &id));
	return id;
}

static void lose_object(struct cfs_store *store, const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	CHECK_EQ(unlinkat(store->objects, path, 0), 0);
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

	pull(&store, "there", &pulled);
	/* Without its layer no image could be made. */
	lose_object(&store, &pulled.image.layers[0]);
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 1, false), 0);
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 1, true), -ENOENT);
	CHECK(said("layer 0 (sha256:"));
}

TEST(an_image_that_is_gone_is_made_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id;

	pull(&store, "gone", &pulled);
	id = erofs_of(&pulled.image);
	lose_object(&store, &id);
	cfs_digest_to_path(&id, path);
	CHECK_EQ(make_images(&store, &pulled.image, 1u << 1, false), 0);
	CHECK_EQ(faccessat(store.objects, path, F_OK, 0), 0);
}

#define SCRIPT "#!/bin/sh\n"

/* Pulls an image with a small executable, which no label asks to be an
 * object. */
static void pull_script(struct cfs_store *store, const char *layout,
			struct cfs_oci_pulled *ret)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest;

	tar_dir(&tar, "usr/", 0755);
	tar_entry(&tar,
		  (struct tar_spec){
			  .name = "usr/script", .type = '0', .mode = 0755 },
		  SCRIPT, sizeof(SCRIPT) - 1);
	tar_end(&tar);
	start(store);
	CHECK_EQ(pull_with(store, layout_of(layout, &tar, &manifest),
			   (struct cfs_oci_pull){ 0 }, ret),
		 0);
}

TEST(an_image_without_the_objects_that_its_label_asks_for_is_made_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	struct cfs_oci_image *image = &pulled.image;
	static const struct cfs_bytes content = { (const uint8_t *)SCRIPT,
						  sizeof(SCRIPT) - 1 };
	struct cfs_digest before, after, script;

	pull_script(&store, "label", &pulled);
	before = erofs_of(image);
	/* As if a program that does not know the label had made it. */
	image->config.program_objects = true;
	CHECK_EQ(make_images(&store, image, 1u << 1, false), 0);
	after = erofs_of(image);
	CHECK(!cfs_digest_equal(&before, &after));

	/* Without its layer no image could be made. */
	lose_object(&store, &image->layers[0]);
	CHECK_EQ(make_images(&store, image, 1u << 1, false), 0);
	CHECK_EQ(cfs_verity_digest_bytes(store.repo.meta.alg, content, &script,
					 &err),
		 0);
	lose_object(&store, &script);
	CHECK_EQ(make_images(&store, image, 1u << 1, false), -ENOENT);
}
