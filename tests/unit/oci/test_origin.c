/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_doc.h"
#include "tests/unit/oci/origin/layout.h"

static struct cfs_origin *opened(const char *dir)
{
	struct cfs_origin *o;

	CHECK_EQ(cfs_origin_open(text("oci:%s", dir), &o, &err), 0);
	return o;
}

TEST(a_reference_needs_a_known_transport)
{
	static const char *const bad[] = { "",	       "example.org/x",
					   "docker:x", "ostree:x",
					   "http://x", "OCI:x" };
	struct cfs_origin *o;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CHECK_EQ(cfs_origin_open(bad[i], &o, &err), -EINVAL);
		CHECK(said("begins with none of oci:PATH"));
	}
	cfs_origin_free(NULL);
}

TEST(what_skopeo_reads_is_not_touched_before_it_is_needed)
{
	static const char *const names[] = {
		"docker://127.0.0.1:1/x:y",
		"containers-storage:x",
		"docker-archive:/nowhere",
		"docker-daemon:x:y",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;

		CHECK_EQ(cfs_origin_open(names[i], &o, &err), 0);
		CHECK_EQ(cfs_origin_has_plain_layers(o), (i == 1));
	}
}

TEST(a_blob_is_checked_by_size_and_by_digest)
{
	char *dir = new_layout("checked");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = opened(dir);
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_oci_id id = id_of("content"), none = id_of("none");

	(void)put_blob(dir, "x", "content", "");
	CHECK_EQ(cfs_origin_read(o, &id, 7, 7, &got, &err), 0);
	CHECK_EQ(got.len, 7);
	CHECK_EQ(cfs_origin_read(o, &id, CFS_OCI_SIZE_ANY, 7, &got, &err), 0);
	CHECK_EQ(got.len, 14);
	CHECK_EQ(cfs_origin_read(o, &id, 8, 9, &got, &err), -EBADMSG);
	CHECK(said("has 7 bytes, but its descriptor says 8"));
	CHECK_EQ(cfs_origin_blob(o, &id, 6, &blob, &err), -EBADMSG);
	CHECK_EQ(cfs_origin_read(o, &id, 7, 6, &got, &err), -EFBIG);
	CHECK_EQ(cfs_origin_read(o, &id, CFS_OCI_SIZE_ANY, 6, &got, &err),
		 -EFBIG);
	CHECK_EQ(cfs_origin_read(o, &none, 4, 9, &got, &err), -ENOENT);
	CHECK_EQ(cfs_origin_blob(o, &none, 4, &blob, &err), 0);
	put_file(blob_path(dir, &id), "Content");
	CHECK_EQ(cfs_origin_read(o, &id, 7, 7, &got, &err), -EBADMSG);
	CHECK(said("is damaged: its content has the digest sha256:"));
	CHECK_EQ(cfs_origin_manifest(o, &id, 7, &got, &err), -EBADMSG);
	CHECK_EQ(got.len, 14);
}

TEST(a_blob_is_a_source)
{
	char *dir = new_layout("source");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = opened(dir);
	struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_source source = cfs_oci_blob_source(&blob);
	struct cfs_oci_id id = id_of("0123456789");
	char data[8];

	(void)put_blob(dir, "x", "0123456789", "");
	CHECK_EQ(cfs_origin_blob(o, &id, 10, &blob, &err), 1);
	CHECK_EQ(blob.at, 0);
	CHECK_EQ(blob.end, 10);
	CHECK_EQ(cfs_source_read(&source, data, 8, &err), 8);
	CHECK_EQ(blob.at, 8);
	CHECK_MEM(data, "01234567", 8);
	CHECK_EQ(cfs_source_read(&source, data, 8, &err), 2);
	CHECK_EQ(cfs_source_read(&source, data, 8, &err), 0);
	CHECK_EQ(cfs_source_read(&source, data, 8, &err), 0);
	cfs_oci_blob_close(&blob);
	cfs_oci_blob_close(&blob);
}

TEST(blobs_of_both_algorithms_are_found)
{
	char *dir = new_layout("algorithms");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = opened(dir);
	struct cfs_bytes bytes = { (const uint8_t *)"abc", 3 };
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA512, bytes, &id, &err), 0);
	put_file(blob_path(dir, &id), "abc");
	CHECK_EQ(cfs_origin_read(o, &id, 3, 3, &got, &err), 0);
	CHECK_EQ(got.len, 3);
}

TEST(blobs_that_are_no_files_or_elsewhere_are_refused)
{
	char *dir = new_layout("elsewhere");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = opened(dir);
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_oci_id a = id_of("a"), b = id_of("b"), c = id_of("c");

	CHECK_EQ(mkfifo(blob_path(dir, &a), 0644), 0);
	CHECK_EQ(symlink("/etc/passwd", blob_path(dir, &b)), 0);
	CHECK_EQ(mkdir(blob_path(dir, &c), 0755), 0);
	CHECK_EQ(cfs_origin_blob(o, &a, 1, &blob, &err), -EINVAL);
	CHECK_EQ(cfs_origin_blob(o, &b, 1, &blob, &err), -EXDEV);
	CHECK_EQ(cfs_origin_blob(o, &c, 1, &blob, &err), -EINVAL);
	CHECK_EQ(rmdir(text("%s/blobs/sha512", dir)), 0);
	CHECK_EQ(rename(text("%s/blobs", dir), text("%s.blobs", dir)), 0);
	CHECK_EQ(symlink(text("%s.blobs", dir), text("%s/blobs", dir)), 0);
	CHECK_EQ(cfs_origin_blob(o, &c, 1, &blob, &err), -EXDEV);
}

TEST(documents_have_a_limit)
{
	char *dir = new_layout("limit");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = opened(dir);
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_oci_id id = id_of("a");
	const size_t size = CFS_OCI_JSON_MAX + 1;

	put_file(blob_path(dir, &id), "a");
	CHECK_EQ(truncate(blob_path(dir, &id), (off_t)size), 0);
	CHECK_EQ(cfs_origin_manifest(o, &id, size, &got, &err), -EFBIG);
	CHECK_EQ(cfs_origin_manifest(o, &id, 1, &got, &err), -EFBIG);
	CHECK_EQ(cfs_origin_manifest(o, &id, CFS_OCI_SIZE_ANY, &got, &err),
		 -EFBIG);
}
