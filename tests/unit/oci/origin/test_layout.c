/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_doc.h"
#include "tests/tarball.h"
#include "tests/unit/oci/origin/layout.h"

static int opened(const char *reference)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;

	return cfs_origin_open(reference, &o, &err);
}

static int chosen(const char *reference, struct cfs_oci_id *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	int r = cfs_origin_open(reference, &o, &err);

	if (r == 0)
		r = cfs_origin_choose(o, NULL, &choice, &err);
	if (r == 0)
		*ret = choice.id;
	return r;
}

TEST(a_layout_has_a_marker_of_version_1)
{
	char *dir = new_layout("marker");
	char *marker = text("%s/oci-layout", dir), *ref = text("oci:%s", dir);

	CHECK_EQ(opened(ref), 0);
	put_file(marker, "{\"imageLayoutVersion\":\"1.7.3\",\"x\":[]}");
	CHECK_EQ(opened(ref), 0);
	put_file(marker, "{\"imageLayoutVersion\":\"2.0.0\"}");
	CHECK_EQ(opened(ref), -EOPNOTSUPP);
	CHECK(said("unknown version '2.0.0'"));
	put_file(marker, "{}");
	CHECK_EQ(opened(ref), -EOPNOTSUPP);
	put_file(marker, "[");
	CHECK_EQ(opened(ref), -EINVAL);
	CHECK(said("oci-layout: "));
	CHECK_EQ(truncate(marker, 5000), 0);
	CHECK_EQ(opened(ref), -EFBIG);
	CHECK_EQ(unlink(marker), 0);
	CHECK_EQ(opened(ref), -EINVAL);
	CHECK(said("it has no file oci-layout"));
	CHECK_EQ(mkfifo(marker, 0644), 0);
	CHECK_EQ(opened(ref), -EINVAL);
	CHECK(said("not a regular file"));
}

TEST(other_things_are_told_from_layouts)
{
	char *dir = new_dir("other");

	put_file(text("%s/manifest.json", dir), "{}");
	CHECK_EQ(opened(text("oci:%s", dir)), -EINVAL);
	CHECK(said("try dir:"));
	CHECK_EQ(opened(text("oci:%s/manifest.json", dir)), -ENOTDIR);
	CHECK(said("write oci-archive:"));
	CHECK_EQ(opened(text("oci:%s/none", dir)), -ENOENT);
	CHECK_EQ(opened(text("oci-archive:%s", dir)), -EISDIR);
}

TEST(an_image_is_found_by_tag_digest_or_alone)
{
	char *dir = new_layout("found");
	char *image = put_image(dir, "linux", "amd64", "a", TAG("one"));
	struct cfs_oci_id id;

	put_index(dir, image);
	CHECK_EQ(chosen(text("oci:%s", dir), &id), 0);
	CHECK(strstr(image, id.text));
	CHECK_EQ(chosen(text("oci:%s:one", dir), &id), 0);
	CHECK_EQ(chosen(text("oci:%s@%s", dir, id.text), &id), 0);
	CHECK_EQ(chosen(text("oci:%s:two", dir), &id), -ENOENT);
	CHECK(said("no tag 'two' in") && said("there are: one"));
	CHECK_EQ(chosen(text("oci:%s@%s", dir, id_of("x").text), &id), -ENOENT);
	CHECK(said("is missing in"));
}

TEST(an_index_is_a_bounded_regular_file)
{
	char *dir = new_layout("index");
	char *path = text("%s/index.json", dir), *ref = text("oci:%s", dir);
	struct cfs_oci_id id;

	CHECK_EQ(chosen(ref, &id), -ENOENT);
	CHECK(said("index.json is missing"));
	CHECK_EQ(symlink("/etc/passwd", path), 0);
	CHECK_EQ(chosen(ref, &id), -EXDEV);
	CHECK_EQ(unlink(path), 0);
	put_file(path, "{\"manifests\":[]");
	CHECK_EQ(chosen(ref, &id), -EINVAL);
	CHECK(said("index.json"));
	put_file(path, "{\"manifests\":[]}");
	CHECK_EQ(chosen(ref, &id), -ENOENT);
	CHECK(said("has no images"));
	CHECK_EQ(truncate(path, CFS_OCI_JSON_MAX + 1), 0);
	CHECK_EQ(chosen(ref, &id), -EFBIG);
}

/* Adds the file @name of the layout @dir to @tar. */
static void pack(struct cfs_buf *tar, const char *dir, const char *name)
{
	CFS_AUTOBUF struct cfs_buf content = { 0 };

	CHECK_EQ(cfs_read_file(AT_FDCWD, text("%s/%s", dir, name), 1 << 20,
			       &content, &err),
		 1);
	tar_entry(tar, (struct tar_spec){ .name = name }, content.data,
		  content.len);
}

TEST(an_archive_is_a_layout_too)
{
	char *dir = new_layout("packed"), *path = text("%s.tar", dir);
	char *image = put_image(dir, "linux", "amd64", "a", TAG("one"));
	struct cfs_oci_id id = id_in(image), got;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	put_index(dir, image);
	pack(&tar, dir, "oci-layout");
	pack(&tar, dir, "index.json");
	pack(&tar, dir, text("blobs/sha256/%s", cfs_oci_id_hex(&id)));
	tar_end(&tar);
	CHECK_EQ(cfs_write_full(fd, tar.data, tar.len), 0);
	CHECK_EQ(close(fd), 0);
	/* The configuration, which tells the platform, is not in it. */
	CHECK_EQ(chosen(text("oci-archive:%s:one", path), &got), -ENOENT);
	CHECK(said("its configuration: blob sha256:") && said("is missing in"));
	put_index(dir, put_image(dir, "linux", "amd64", "a",
				 TAG("one") PLATFORM("linux", "amd64")));
	tar.len = 0;
	pack(&tar, dir, "oci-layout");
	pack(&tar, dir, "index.json");
	pack(&tar, dir, text("blobs/sha256/%s", cfs_oci_id_hex(&id)));
	fd = open(path, O_WRONLY | O_TRUNC);
	CHECK_EQ(cfs_write_full(fd, tar.data, tar.len), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(chosen(text("oci-archive:%s:one", path), &got), 0);
	CHECK(cfs_oci_id_equal(&id, &got));
}

TEST(an_archive_without_a_marker_may_be_dockers)
{
	char *path = text("%s/old.tar", getenv("TMPDIR"));
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	tar_file(&tar, "manifest.json", "[]");
	CHECK_EQ(cfs_write_full(fd, tar.data, tar.len), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(opened(text("oci-archive:%s", path)), -EINVAL);
	CHECK(said("try docker-archive:"));
}
