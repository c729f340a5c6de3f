/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin.h"

#include "tests/unit/oci/origin/layout.h"

/* The bytes from @at to before @end of a file of "0123456789". */
static struct cfs_oci_blob range(const char *name, uint64_t at, uint64_t end)
{
	char *path = text("%s/%s", getenv("TMPDIR"), name);
	struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;

	put_file(path, "0123456789");
	blob.fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(blob.fd >= 0);
	blob.at = at;
	blob.end = end;
	return blob;
}

TEST(a_blob_is_a_range_of_its_file)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = range("range", 2, 7);
	const struct cfs_source source = cfs_oci_blob_source(&blob);
	char got[16] = "";

	CHECK_EQ(cfs_source_read(&source, got, 3, &err), 3);
	CHECK_EQ(blob.at, 5);
	CHECK_EQ(cfs_source_read(&source, got + 3, 8, &err), 2);
	CHECK_STR(got, "23456");
	CHECK_EQ(cfs_source_read(&source, got, 8, &err), 0);
	CHECK_EQ(blob.at, blob.end);
}

TEST(a_file_that_ends_before_its_blob_is_an_error)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = range("short", 5, 11);
	const struct cfs_source source = cfs_oci_blob_source(&blob);
	char got[16];

	CHECK_EQ(cfs_source_full(&source, got, sizeof(got), &err), -EIO);
	CHECK(said("became shorter"));
}

TEST(a_failed_read_is_worded_with_its_place)
{
	struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	const struct cfs_source source = cfs_oci_blob_source(&blob);
	char got[16];

	blob.at = 3;
	blob.end = 9;
	CHECK_EQ(cfs_source_read(&source, got, sizeof(got), &err), -EBADF);
	CHECK(said("read at byte 3"));
}

TEST(a_close_may_be_repeated)
{
	struct cfs_oci_blob blob = range("closed", 0, 10);
	int fd = blob.fd;

	cfs_oci_blob_close(&blob);
	CHECK(fcntl(fd, F_GETFD) < 0);
	cfs_oci_blob_close(&blob);
	CHECK_EQ(blob.fd, -EBADF);
}
