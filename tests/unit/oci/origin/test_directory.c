/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/oci/origin/layout.h"

/* Moves the blob of the layout @from that @descriptor has to the directory
 * @to, as @name with the digits of its digest in it. */
static void move(const char *from, const char *descriptor, const char *to,
		 const char *prefix, const char *suffix)
{
	struct cfs_oci_id id = id_in(descriptor);

	CHECK_EQ(
		rename(blob_path(from, &id), text("%s/%s%s%s", to, prefix,
						  cfs_oci_id_hex(&id), suffix)),
		0);
}

/* Moves all other blobs. */
static void move_rest(const char *from, const char *to)
{
	CHECK_EQ(system(text("mv %s/blobs/sha256/* %s/", from, to)), 0);
}

static int choose(const char *dir, const char *platform,
		  struct cfs_oci_choice *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;
	struct cfs_oci_platform want;
	int r = cfs_origin_open(text("dir:%s", dir), &o, &err);

	CHECK_EQ(cfs_oci_platform_parse(platform, &want, &err), 0);
	return r == 0 ? cfs_origin_choose(o, &want, ret, &err) : r;
}

TEST(a_directory_of_one_image)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	CFS_AUTOBUF struct cfs_buf layer = { 0 };
	char *from = new_layout("one-layout"), *dir = new_dir("one");
	char *image = put_image(from, "linux", "amd64", "a", "");
	struct cfs_oci_id id = id_in(image), layer_id = id_of("layer a"), none;

	put_file(text("%s/version", dir), "Directory Transport Version: 1.1\n");
	move(from, image, dir, "", "");
	CHECK_EQ(rename(text("%s/%s", dir, cfs_oci_id_hex(&id)),
			text("%s/manifest.json", dir)),
		 0);
	move_rest(from, dir);
	CHECK_EQ(choose(dir, "linux/amd64", &choice), 0);
	CHECK(cfs_oci_id_equal(&choice.id, &id));
	CHECK_STR(choice.platform, "linux/amd64");
	CHECK_EQ(choose(dir, "linux/s390x", &choice), -ENOENT);
	CHECK(said("there are: linux/amd64"));
	CHECK_EQ(cfs_origin_open(text("dir:%s", dir), &o, &err), 0);
	CHECK_EQ(cfs_origin_read(o, &layer_id, 7, 100, &layer, &err), 0);
	CHECK_EQ(layer.len, 7);
	CHECK_MEM(layer.data, "layer a", 7);
	none = id_of("none");
	CHECK_EQ(cfs_origin_read(o, &none, 4, 100, &layer, &err), -ENOENT);
}

TEST(a_directory_of_a_list)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	char *from = new_layout("list-layout"), *dir = new_dir("list");
	char *a = put_image(from, "linux", "amd64", "a",
			    PLATFORM("linux", "amd64"));
	char *b = put_image(from, "linux", "arm64", "b",
			    PLATFORM("linux", "arm64"));
	struct cfs_oci_id id = id_in(b);

	move(from, a, dir, "", ".manifest.json");
	move(from, b, dir, "", ".manifest.json");
	move_rest(from, dir);
	put_file(text("%s/manifest.json", dir), index_of(text("%s,%s", a, b)));
	CHECK_EQ(choose(dir, "linux/arm64", &choice), 0);
	CHECK(cfs_oci_id_equal(&choice.id, &id));
}

TEST(blobs_with_sha512_have_either_name)
{
	char *dir = new_dir("sha512");
	static const char *const names[] = { "sha512-", "" };
	struct cfs_bytes bytes = { (const uint8_t *)"abc", 3 };
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA512, bytes, &id, &err), 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;
		char *path =
			text("%s/%s%s", dir, names[i], cfs_oci_id_hex(&id));
		CFS_AUTOBUF struct cfs_buf got = { 0 };

		put_file(path, "abc");
		CHECK_EQ(cfs_origin_open(text("dir:%s", dir), &o, &err), 0);
		CHECK_EQ(cfs_origin_read(o, &id, 3, 3, &got, &err), 0);
		CHECK_EQ(unlink(path), 0);
	}
}

TEST(what_is_no_such_directory_is_refused)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	char *dir = new_dir("wrong");
	char *version = text("%s/version", dir);
	char *manifest = text("%s/manifest.json", dir);

	CHECK_EQ(choose(dir, "linux/amd64", &choice), -ENOENT);
	CHECK(said("manifest.json is missing"));
	CHECK_EQ(choose(text("%s/x", dir), "linux/amd64", &choice), -ENOENT);
	CHECK_EQ(choose("", "linux/amd64", &choice), -EINVAL);
	put_file(version, "Directory Transport Version: 2.0\n");
	CHECK_EQ(choose(dir, "linux/amd64", &choice), -EOPNOTSUPP);
	put_file(version, "");
	CHECK_EQ(choose(dir, "linux/amd64", &choice), -EOPNOTSUPP);
	CHECK_EQ(unlink(version), 0);
	put_file(manifest, "{\"schemaVersion\":1,\"fsLayers\":[]}");
	CHECK_EQ(choose(dir, "linux/amd64", &choice), -EOPNOTSUPP);
	CHECK(said("schema 1"));
	CHECK_EQ(unlink(manifest), 0);
	CHECK_EQ(mkfifo(manifest, 0644), 0);
	CHECK_EQ(choose(dir, "linux/amd64", &choice), -EINVAL);
}
