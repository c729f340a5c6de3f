/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/files_origin.h"

#include "oci/json_doc.h"
#include "tests/unit/oci/origin/layout.h"

static const struct cfs_origin_ops ops = { .free = cfs_files_origin_free };

static struct cfs_origin *open_files(const char *dir)
{
	struct cfs_files files = CFS_FILES_INIT;
	struct cfs_files_origin *ret = NULL;

	CHECK_EQ(cfs_files_open_dir(dir, &files, &err), 0);
	CHECK_EQ(cfs_files_origin_new(&ops, &files, "the place", &ret, &err),
		 0);
	/* They belong to the origin now. */
	CHECK_EQ(files.fd, -EBADF);
	CHECK(ret->origin.ops == &ops);
	CHECK_STR(ret->origin.place, "the place");
	CHECK(!ret->origin.tag && !ret->origin.has_id);
	return &ret->origin;
}

TEST(the_files_of_an_origin_are_closed_with_it)
{
	struct cfs_origin *origin = open_files(new_dir("closed"));
	int fd = cfs_files_origin_files(origin)->fd;

	CHECK(fcntl(fd, F_GETFD) >= 0);
	cfs_origin_free(origin);
	CHECK(fcntl(fd, F_GETFD) < 0);
}

TEST(a_document_is_a_file_that_has_to_be_there)
{
	char *dir = new_dir("document");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = open_files(dir);
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	put_file(text("%s/a", dir), "text");
	CHECK_EQ(cfs_files_origin_document(origin, "a", &got, &err), 0);
	CHECK_STR(cfs_buf_text(&got), "text");
	CHECK_EQ(cfs_files_origin_document(origin, "b", &got, &err), -ENOENT);
	CHECK(said("b is missing in the place"));
	CHECK_EQ(mkdir(text("%s/c", dir), 0755), 0);
	CHECK_EQ(cfs_files_origin_document(origin, "c", &got, &err), -EINVAL);
	CHECK_EQ(symlink("/etc/passwd", text("%s/d", dir)), 0);
	CHECK(cfs_files_origin_document(origin, "d", &got, &err) < 0);
	CHECK_STR(cfs_buf_text(&got), "text");
}

TEST(a_document_has_a_limit)
{
	char *dir = new_dir("limit");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = open_files(dir);
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	put_file(text("%s/a", dir), "");
	CHECK_EQ(truncate(text("%s/a", dir), CFS_OCI_JSON_MAX + 1), 0);
	CHECK_EQ(cfs_files_origin_document(origin, "a", &got, &err), -EFBIG);
	CHECK_EQ(got.len, 0);
}
