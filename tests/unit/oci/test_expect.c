/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/image_store.h"
#include "tests/unit/oci/pulled.h"

/* A layer whose /usr and /boot have nanoseconds of their own, and with an xattr
 * that only one of the filters keeps. */
static void timed_layer(struct cfs_buf *tar)
{
	tar_pax(tar, "mtime", "1700000000.000000007");
	tar_dir(tar, "usr/", 0755);
	tar_pax(tar, "SCHILY.xattr.user.note", "kept");
	tar_file(tar, "usr/file", "text");
	tar_pax(tar, "mtime", "1700000000.000000005");
	tar_dir(tar, "boot/", 0755);
	tar_file(tar, "boot/kernel", "emptied in an image to boot");
	tar_dir(tar, "sysroot/", 0755);
	tar_end(tar);
}

/* Pulls the image of a layout @name without an image to boot. */
static void pull(struct cfs_store *store, const char *dir_name,
		 struct cfs_oci_pulled *ret)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest;

	timed_layer(&tar);
	start(store);
	CHECK_EQ(pull_with(store, layout_of(dir_name, &tar, &manifest),
			   (struct cfs_oci_pull){ 0 }, ret),
		 0);
}

/* The image to boot that is made in one way. */
static struct cfs_digest made_as(struct cfs_store *store,
				 const struct cfs_oci_image *image,
				 enum cfs_xattr_filter filter, unsigned format,
				 bool own_nanoseconds)
{
	const struct cfs_oci_tree_options options = { .filter = filter };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_digest id;

	CHECK_EQ(cfs_oci_image_tree(&store->repo, image, &options, &tree, &err),
		 0);
	CHECK_EQ(cfs_oci_tree_boot(&store->repo, tree, &err), 0);
	if (own_nanoseconds) {
		cfs_node_child(tree->root, "boot")->mtime_nsec = 5;
		cfs_node_child(tree->root, "sysroot")->mtime_nsec = 0;
	}
	CHECK_EQ(cfs_image_compute(tree, format, CFS_ALG_SHA256, &id, NULL,
				   &err),
		 0);
	return id;
}

static int expect(struct cfs_store *store, struct cfs_oci_image *image,
		  const struct cfs_digest *want, struct cfs_oci_way *ret)
{
	const struct cfs_oci_tree_options options = { 0 };

	return cfs_oci_expect(store, image, &options, want, ret, &err);
}

static bool is_named(const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	return count(root, "images", hex) == 1;
}

TEST(every_way_is_found_and_said)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };

	pull(&store, "ways", &pulled);
	for (unsigned way = 0; way < 8; way++) {
		CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
		enum cfs_xattr_filter filter = way & 1 ? CFS_XATTRS_KEEP_USER
						       : CFS_XATTRS_ALLOWLIST;
		unsigned format = way & 2 ? 2 : 1;
		struct cfs_oci_way got = { 0 };
		struct cfs_digest want;

		/* Seconds are all that format 2 has. */
		if (format == 2 && way & 4)
			continue;
		CHECK_EQ(cfs_oci_image_open(&store.repo, &pulled.image.id,
					    &image, &err),
			 1);
		want = made_as(&store, &image, filter, format, way & 4);
		CHECK(!is_named(&want));
		CHECK_EQ(expect(&store, &image, &want, &got), 0);
		CHECK_EQ(got.erofs.filter, filter);
		CHECK_EQ(got.format, format);
		CHECK_EQ(got.own_nanoseconds, (way & 4) != 0);
		CHECK(got.erofs.bootable);
		CHECK(is_named(&want));
	}
}

TEST(what_is_found_is_referred_to_and_found_again_without_being_made)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_oci_way got;
	struct cfs_digest want;

	pull(&store, "again", &pulled);
	want = made_as(&store, &pulled.image, CFS_XATTRS_KEEP_USER, 1, false);
	CHECK_EQ(expect(&store, &pulled.image, &want, &got), 0);
	CHECK_EQ(
		cfs_oci_image_open(&store.repo, &pulled.image.id, &image, &err),
		1);
	cfs_digest_to_path(&want, path + strlen(path));
	CHECK_EQ(unlinkat(store.repo.fd, path, 0), 0);
	CHECK_EQ(expect(&store, &image, &want, &got), 0);
	CHECK_EQ(got.erofs.filter, CFS_XATTRS_KEEP_USER);
	CHECK_EQ(faccessat(store.repo.fd, path, F_OK, 0), -1);
}

TEST(a_digest_that_no_way_gives_is_final_and_names_nothing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	const struct cfs_digest want = { .alg = CFS_ALG_SHA256 };
	struct cfs_oci_way got;
	int before;

	pull(&store, "none", &pulled);
	before = count(root, "images", "");
	CHECK_EQ(expect(&store, &pulled.image, &want, &got), -EKEYREJECTED);
	CHECK(said("No boot image configuration matched"));
	CHECK_EQ(count(root, "images", ""), before);
}

TEST(an_image_is_remade_only_as_what_it_was)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	const struct cfs_oci_erofs plain = { .v1 = true },
				   boot = { .v1 = true, .bootable = true };
	const struct cfs_digest other = { .alg = CFS_ALG_SHA256 };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest id;

	pull(&store, "remade", &pulled);
	CHECK(cfs_oci_image_erofs(&pulled.image, &plain, &id));
	cfs_digest_to_path(&id, path + strlen(path));
	CHECK_EQ(unlinkat(store.repo.fd, path, 0), 0);
	CHECK_EQ(cfs_oci_remake(&store, &pulled.image, &boot, &id, &err), 0);
	CHECK_EQ(cfs_oci_remake(&store, &pulled.image, &plain, &other, &err),
		 0);
	CHECK_EQ(faccessat(store.repo.fd, path, F_OK, 0), -1);
	CHECK_EQ(cfs_oci_remake(&store, &pulled.image, &plain, &id, &err), 1);
	CHECK_EQ(faccessat(store.repo.fd, path, F_OK, 0), 0);
}
