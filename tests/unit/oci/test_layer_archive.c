/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_archive.h"

#include "tests/unit/oci/pulled.h"

/* "archive" by gzip -n, in one member. */
static const char gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x2c\x4a\xce\xc8"
			   "\x2c\x4b\x05\0\x9c\x5d\xfc\xd5\x07\0\0";
#define GZIP_LEN sizeof(gzip) /* the NUL is the last byte of the size */

static struct cfs_oci_id id_of_data(const void *data, size_t len)
{
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256,
				     (struct cfs_bytes){ data, len }, &id,
				     &err),
		 0);
	return id;
}

/* Reads the blob @data as what @layer says; @ret gets up to 16 bytes of the
 * archive, all that is read before the check. */
static int read_as(struct cfs_oci_layer layer, const void *data, size_t len,
		   char ret[static 16], uint64_t *ret_size)
{
	struct cfs_bytes rest = { data, len };
	const struct cfs_source blob = cfs_source_of_bytes(&rest);
	struct cfs_layer_archive archive;
	ssize_t n = 0;
	int r;

	memset(ret, 0, 16);
	layer.blob = &blob;
	r = cfs_layer_archive_open(&archive, &layer, &err);
	if (r == 0)
		n = cfs_source_read(&archive.source, ret, 4, &err);
	if (r == 0)
		r = n < 0 ? (int)n
			  : cfs_layer_archive_check(&archive, ret_size, &err);
	cfs_layer_archive_close(&archive);
	return r;
}

static struct cfs_oci_layer compressed(void)
{
	return (struct cfs_oci_layer){ .size = GZIP_LEN,
				       .id = id_of_data(gzip, GZIP_LEN),
				       .diff_id = id_of_data("archive", 7) };
}

TEST(an_archive_is_read_through_its_compression_and_to_its_end)
{
	uint64_t size = 0;
	char got[16];

	CHECK_EQ(read_as(compressed(), gzip, GZIP_LEN, got, &size), 0);
	CHECK_MEM(got, "arch", 4);
	CHECK_EQ(size, 7);
}

TEST(what_is_not_compressed_is_the_archive_itself)
{
	struct cfs_oci_id id = id_of_data("archive", 7);
	struct cfs_oci_layer layer = { .size = 7, .id = id, .diff_id = id };
	uint64_t size = 0;
	char got[16];

	CHECK_EQ(read_as(layer, "archive", 7, got, &size), 0);
	CHECK_EQ(size, 7);
	layer.size = CFS_OCI_SIZE_ANY;
	CHECK_EQ(read_as(layer, "archive", 7, got, &size), 0);
}

TEST(the_digest_of_the_blob_has_to_be_right)
{
	struct cfs_oci_layer layer = compressed();
	uint64_t size = 5;
	char got[16];

	layer.id = id_of_data("other", 5);
	CHECK_EQ(read_as(layer, gzip, GZIP_LEN, got, &size), -EBADMSG);
	CHECK(said("its digest"));
	/* Equal digests of blob and archive mean that one of them lies. */
	layer.id = layer.diff_id;
	CHECK_EQ(read_as(layer, gzip, GZIP_LEN, got, &size), -EBADMSG);
}

TEST(the_digest_of_the_archive_has_to_be_right)
{
	struct cfs_oci_layer layer = compressed();
	uint64_t size;
	char got[16];

	layer.diff_id = id_of_data("other", 5);
	CHECK_EQ(read_as(layer, gzip, GZIP_LEN, got, &size), -EBADMSG);
	CHECK(said("its diff_id"));
	/* A blob that is not compressed can have but one digest. */
	layer.size = 7;
	layer.id = id_of_data("archive", 7);
	CHECK_EQ(read_as(layer, "archive", 7, got, &size), -EBADMSG);
	CHECK(said("its diff_id"));
}

TEST(the_size_of_the_blob_has_to_be_right)
{
	struct cfs_oci_layer layer = compressed();
	uint64_t size;
	char got[16];

	for (int d = -1; d <= 1; d += 2) {
		layer.size = GZIP_LEN + (uint64_t)d;
		CHECK_EQ(read_as(layer, gzip, GZIP_LEN, got, &size), -EBADMSG);
		CHECK(said("bytes long, expected"));
	}
}

TEST(bytes_after_the_archive_are_part_of_the_blob)
{
	char more[GZIP_LEN + 1] = "";
	struct cfs_oci_layer layer = compressed();
	uint64_t size;
	char got[16];

	memcpy(more, gzip, GZIP_LEN);
	more[GZIP_LEN] = 'x';
	layer.size = CFS_OCI_SIZE_ANY;
	CHECK(read_as(layer, more, sizeof(more), got, &size) < 0);
}

TEST(an_archive_that_is_cut_short_is_refused_whatever_its_digest)
{
	struct cfs_oci_layer layer = compressed();
	uint64_t size;
	char got[16];

	for (size_t len = 0; len < GZIP_LEN; len++) {
		layer.size = len;
		layer.id = id_of_data(gzip, len);
		CHECK(read_as(layer, gzip, len, got, &size) < 0);
	}
}

static ssize_t fail(void *ctx, void *data, size_t len, struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, EIO, "the wire is cut");
}

TEST(a_failure_of_the_sender_is_no_end_of_the_blob)
{
	const struct cfs_source blob = { fail, NULL };
	struct cfs_oci_layer layer = compressed();
	struct cfs_layer_archive archive;
	uint64_t size;
	int r;

	layer.blob = &blob;
	r = cfs_layer_archive_open(&archive, &layer, &err);
	if (r == 0)
		r = cfs_layer_archive_check(&archive, &size, &err);
	CHECK_EQ(r, -EIO);
	CHECK(said("the wire is cut"));
	cfs_layer_archive_close(&archive);
}
