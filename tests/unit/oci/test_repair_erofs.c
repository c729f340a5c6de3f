/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/repairing.h"

#include "repo/object.h"
#include "tests/unit/oci/pulled.h"

static char told[65536];

static void note(void *arg, enum cfs_oci_mending what, const char *line)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "%s %s\n",
		 what == CFS_OCI_MENDED ? "mended" : "not mended", line);
}

static void pass_over(void *arg, const struct cfs_oci_finding *f)
{
	(void)arg;
	(void)f;
}

/* Pulls an image with an image to boot. */
static void pull(struct cfs_store *store, const char *name,
		 struct cfs_oci_pulled *ret)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest;

	base_layer(&tar);
	start(store);
	CHECK_EQ(
		pull_with(store, layout_of(name, &tar, &manifest),
			  (struct cfs_oci_pull){ .tag = "t", .bootable = true },
			  ret),
		0);
}

/* Mends the EROFS images of @image, which is given back. */
static int mend(struct cfs_store *store, struct cfs_oci_image *image)
{
	CFS_AUTODIGESTSET struct cfs_digest_set damaged = { 0 };
	const struct cfs_oci_fsck_params params = { .found = pass_over };
	const struct cfs_oci_repair repair = { .damaged = &damaged,
					       .formats = PULLED_FORMATS,
					       .told = note };
	struct cfs_repairing rp = {
		.store = store,
		.repair = &repair,
		.tag = "t",
		.image = *image,
		.run = { .repo = &store->repo,
			 .params = &params,
			 .store = store,
			 .damaged = &damaged },
	};
	int r;

	told[0] = '\0';
	r = cfs_repairing_erofs(&rp, &err);
	cfs_vec_free(&rp.run.good);
	*image = rp.image;
	return r;
}

static struct cfs_digest id_of_image(const struct cfs_oci_image *image,
				     bool bootable)
{
	const struct cfs_oci_erofs erofs = { .v1 = true, .bootable = bootable };
	struct cfs_digest id;

	CHECK(cfs_oci_image_erofs(image, &erofs, &id));
	return id;
}

static bool exists(const struct cfs_store *store, const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	return faccessat(store->objects, path, F_OK, 0) == 0;
}

static void lose(const struct cfs_store *store, const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	CHECK_EQ(unlinkat(store->objects, path, 0), 0);
}

TEST(images_that_are_good_are_left_alone)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };

	pull(&store, "good", &pulled);
	CHECK_EQ(mend(&store, &pulled.image), 0);
	CHECK_STR(told, "");
}

TEST(a_lost_image_is_made_anew_with_the_digest_that_it_had)
{
	for (int bootable = 0; bootable < 2; bootable++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
		struct cfs_digest id;

		pull(&store, bootable ? "boot" : "plain", &pulled);
		id = id_of_image(&pulled.image, bootable);
		lose(&store, &id);
		CHECK_EQ(mend(&store, &pulled.image), 0);
		CHECK(strncmp(told, "mended t: EROFS image ", 22) == 0);
		CHECK(exists(&store, &id));
	}
}

TEST(an_image_without_its_name_gets_it_back)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;

	pull(&store, "name", &pulled);
	id = id_of_image(&pulled.image, false);
	cfs_digest_to_hex(&id, hex);
	CHECK_EQ(unlink(keep(below(root, text("images/%s", hex)))), 0);
	CHECK_EQ(mend(&store, &pulled.image), 0);
	CHECK_EQ(count(root, "images", hex), 1);
}

TEST(a_digest_that_the_layers_do_not_give_is_not_made_up)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	const struct cfs_oci_erofs erofs = { .v1 = true };
	struct cfs_digest other = { .alg = CFS_ALG_SHA256 };

	pull(&store, "other", &pulled);
	memset(other.bytes, 0xab, 32);
	CHECK_EQ(cfs_oci_image_set_erofs(&pulled.image, &erofs, &other, &err),
		 0);
	CHECK_EQ(mend(&store, &pulled.image), 0);
	CHECK(strstr(told, "not mended t: EROFS image "));
	CHECK(strstr(told, "the layers do not give the digest abab"));
	CHECK(!exists(&store, &other));
}

TEST(without_its_layers_an_image_is_not_mended_and_nothing_gets_worse)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	struct cfs_digest plain, boot;

	pull(&store, "layers", &pulled);
	plain = id_of_image(&pulled.image, false);
	boot = id_of_image(&pulled.image, true);
	lose(&store, &plain);
	lose(&store, &pulled.image.layers[0]);
	CHECK_EQ(mend(&store, &pulled.image), 0);
	CHECK(strstr(told, "not mended t: EROFS image "));
	CHECK(!exists(&store, &plain) && exists(&store, &boot));
}
