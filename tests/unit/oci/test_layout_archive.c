/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layout.h"
#include "tests/unit/oci/pulled.h"

/* The archive of the layout @dir, or an error. */
static int archive(const char *dir, struct cfs_buf *ret)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	const struct cfs_sink sink = cfs_sink_of_buf(ret);

	CHECK_EQ(cfs_layout_open(dir, &layout, &err), 0);
	return cfs_layout_archive(&layout, &sink, &err);
}

TEST(an_archive_is_read_as_the_layout_that_it_was)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 }, out = { 0 }, read = { 0 };
	char *path = text("%s/archive.tar", getenv("TMPDIR")), *manifest, *dir;
	struct cfs_oci_id id, layer;
	CFS_AUTOFD int fd = -EBADF;

	base_layer(&tar);
	dir = layout_of("whole", &tar, &manifest);
	id = id_in(manifest);
	layer = id_of_buf(&tar);
	CHECK_EQ(archive(dir, &out), 0);
	CHECK_EQ(out.len % 512, 0);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, out.data, out.len), 0);
	CHECK_EQ(cfs_origin_open(text("oci-archive:%s", path), &origin, &err),
		 0);
	CHECK_EQ(cfs_origin_choose(origin, NULL, &choice, &err), 0);
	CHECK(cfs_oci_id_equal(&choice.id, &id));
	CHECK_EQ(cfs_origin_read(origin, &layer, tar.len, tar.len, &read, &err),
		 0);
}

TEST(an_archive_depends_on_names_and_contents_alone)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 }, one = { 0 }, two = { 0 };
	char *manifest, *dir;

	base_layer(&tar);
	CHECK_EQ(archive(layout_of("first", &tar, &manifest), &one), 0);
	dir = layout_of("second", &tar, &manifest);
	CHECK_EQ(chmod(text("%s/index.json", dir), 0600), 0);
	CHECK_EQ(utimensat(AT_FDCWD, text("%s/oci-layout", dir),
			   (struct timespec[2]){ { 1, 2 }, { 3, 4 } }, 0),
		 0);
	CHECK_EQ(archive(dir, &two), 0);
	CHECK_EQ(one.len, two.len);
	CHECK_MEM(one.data, two.data, one.len);
}

TEST(what_is_no_file_is_not_put_into_an_archive)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 }, out = { 0 };
	char *manifest, *dir;

	base_layer(&tar);
	dir = layout_of("planted", &tar, &manifest);
	CHECK_EQ(symlink("/etc/passwd", text("%s/blobs/sha256/planted", dir)),
		 0);
	CHECK(archive(dir, &out) < 0);
}

static int full(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, ENOSPC, "no room");
}

TEST(a_failure_of_the_writer_ends_it)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	const struct cfs_sink sink = { full, NULL };

	CHECK_EQ(cfs_layout_open(new_layout("full"), &layout, &err), 0);
	put_file(text("%s/full/index.json", getenv("TMPDIR")),
		 "{\"manifests\":[]}");
	CHECK_EQ(cfs_layout_archive(&layout, &sink, &err), -ENOSPC);
	CHECK(said("no room"));
}
