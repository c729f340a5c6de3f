/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/unstored.h"

#include "repo/image_store.h"
#include "tests/unit/oci/pulled.h"

/* The digest of the image made of the layout @dir without storing it. */
static int compute(const char *dir, const struct cfs_oci_tree_options *options,
		   struct cfs_digest *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = open_layout(dir);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	int r;

	CHECK_EQ(cfs_origin_choose(origin, NULL, &choice, &err), 0);
	r = cfs_oci_unstored_tree(origin, &choice, CFS_ALG_SHA256, options,
				  &tree, &err);
	if (r < 0) {
		CHECK(!tree);
		return r;
	}
	return cfs_image_compute(tree, 1, CFS_ALG_SHA256, ret, NULL, &err);
}

/* The digest of the image that a pull of @dir makes, to boot or not. */
static struct cfs_digest pulled_digest(const char *dir, bool bootable)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	const struct cfs_oci_erofs erofs = { .bootable = bootable, .v1 = true };
	struct cfs_digest id;

	start(&store);
	CHECK_EQ(pull_with(&store, dir,
			   (struct cfs_oci_pull){ .bootable = bootable },
			   &pulled),
		 0);
	CHECK(cfs_oci_image_erofs(&pulled.image, &erofs, &id));
	return id;
}

TEST(the_tree_is_the_one_that_a_pull_makes)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest, *dir;

	base_layer(&tar);
	dir = layout_of("same", &tar, &manifest);
	for (int boot = 0; boot < 2; boot++) {
		const struct cfs_oci_tree_options options = { .bootable =
								      boot };
		struct cfs_digest want = pulled_digest(dir, boot), have;

		CHECK_EQ(compute(dir, &options, &have), 0);
		CHECK(cfs_digest_equal(&have, &want));
	}
}

/* A layer with a policy that labels everything; one entry is @link. */
static void policy_layer(struct cfs_buf *tar, const char *link)
{
	char rules[200] = "";

	for (size_t i = 0; i < 10; i++)
		strcat(rules, "# a comment\n");
	strcat(rules, "/.* system_u:object_r:usr_t:s0\n");
	tar_dir(tar, "usr/", 0755);
	tar_dir(tar, "boot/", 0755);
	tar_dir(tar, "sysroot/", 0755);
	tar_file(tar, "usr/contexts", rules);
	tar_dir(tar, "etc/", 0755);
	tar_dir(tar, "etc/selinux/", 0755);
	tar_file(tar, "etc/selinux/config", "SELINUXTYPE=targeted\n");
	tar_dir(tar, "etc/selinux/targeted/", 0755);
	tar_dir(tar, "etc/selinux/targeted/contexts/", 0755);
	tar_dir(tar, "etc/selinux/targeted/contexts/files/", 0755);
	if (link)
		tar_link(tar, '1',
			 "etc/selinux/targeted/contexts/files/file_contexts",
			 link);
	else
		tar_file(tar,
			 "etc/selinux/targeted/contexts/files/file_contexts",
			 rules);
	tar_end(tar);
}

TEST(a_policy_is_read_without_being_stored)
{
	const struct cfs_oci_tree_options options = { .bootable = true };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_digest want, have;
	char *manifest, *dir;

	policy_layer(&tar, NULL);
	dir = layout_of("policy", &tar, &manifest);
	want = pulled_digest(dir, true);
	CHECK_EQ(compute(dir, &options, &have), 0);
	CHECK(cfs_digest_equal(&have, &want));
}

TEST(a_policy_that_is_kept_elsewhere_has_to_be_pulled)
{
	const struct cfs_oci_tree_options options = { .bootable = true };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_digest have;
	char *manifest, *dir;

	policy_layer(&tar, "usr/contexts");
	dir = layout_of("elsewhere", &tar, &manifest);
	CHECK_EQ(compute(dir, &options, &have), -EOPNOTSUPP);
	CHECK(said("pull the image first"));
}

TEST(a_layer_is_what_both_digests_say_or_the_error_names_it)
{
	const struct cfs_oci_tree_options options = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_digest have;
	char *dir = new_layout("lies"), *layer;
	struct cfs_oci_id id;

	base_layer(&tar);
	layer = put_bytes(dir, T_LAYER, &tar);
	id = id_in(layer);
	put_index(dir, put_container(dir, layer,
				     text("\"%s\"", id_of("other").text)));
	CHECK_EQ(compute(dir, &options, &have), -EBADMSG);
	CHECK(said(text("layer 0 (%s): its diff_id", id.text)));
	/* Padding of the first file: as long as before, and the same tree. */
	tar.data[512 + 512 + 100] = 'x';
	put_index(dir, put_container(dir, layer, text("\"%s\"", id.text)));
	{
		CFS_AUTOFD int fd = open(blob_path(dir, &id), O_WRONLY);

		CHECK(fd >= 0);
		CHECK_EQ(cfs_write_full(fd, tar.data, tar.len), 0);
	}
	CHECK_EQ(compute(dir, &options, &have), -EBADMSG);
	CHECK(said("its digest"));
}

TEST(a_malformed_archive_is_refused_by_layer_and_offset)
{
	const struct cfs_oci_tree_options options = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_digest have;
	char *manifest;

	tar_dir(&tar, "usr/", 0755);
	tar_file(&tar, "usr/../../etc/passwd", "x");
	tar_end(&tar);
	CHECK(compute(layout_of("escapes", &tar, &manifest), &options, &have) <
	      0);
	CHECK(said("layer 0 (sha256:"));
	CHECK(said("at offset 512"));
}

TEST(one_layer_can_be_had_alone_and_no_other)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_oci_tree_options options = { .one_layer = true };
	struct cfs_digest have;
	char *manifest, *dir;

	base_layer(&tar);
	dir = layout_of("alone", &tar, &manifest);
	CHECK_EQ(compute(dir, &options, &have), 0);
	options.layer = 1;
	CHECK_EQ(compute(dir, &options, &have), -ENOENT);
}
