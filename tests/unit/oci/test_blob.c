/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/blob.h"

#include "tests/unit/oci/stored.h"

static struct cfs_oci_id id_of_text(const char *text)
{
	struct cfs_oci_id id;

	CHECK_EQ(
		cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, bytes(text), &id, &err),
		0);
	return id;
}

/* Stores @text as the blob of @size bytes that has the digest of @claim. */
static int store_as(struct cfs_store *store, const char *text, uint64_t size,
		    const char *claim, struct cfs_digest *ret)
{
	struct cfs_oci_id id = id_of_text(claim);
	struct cfs_bytes rest = bytes(text);
	const struct cfs_source source = cfs_source_of_bytes(&rest);

	return cfs_oci_blob_store(store, &source, size, &id, ret, &err);
}

static unsigned n_objects(void)
{
	unsigned n = 0;
	char shard[16];

	for (unsigned i = 0; i < 256; i++) {
		CFS_AUTOFREE char *path = NULL;

		snprintf(shard, sizeof(shard), "objects/%02x", i);
		path = below(root, shard);
		if (access(path, F_OK) == 0)
			n += (unsigned)count(root, shard, "");
	}
	return n;
}

TEST(a_blob_comes_out_as_it_went_in)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest stream;
	char got[16] = "";

	start(&store);
	CHECK_EQ(store_as(&store, "a blob", 6, "a blob", &stream), 0);
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &stream, &fd, &err), 0);
	CHECK_EQ(read(fd, got, sizeof(got)), 6);
	CHECK_STR(got, "a blob");
	CHECK_EQ(n_objects(), 2);
}

TEST(a_blob_larger_than_a_piece_is_whole)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFREE char *large = calloc(1, 600001);
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest stream;
	struct stat st;

	CHECK(large);
	memset(large, 'x', 600000);
	start(&store);
	CHECK_EQ(store_as(&store, large, 600000, large, &stream), 0);
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &stream, &fd, &err), 0);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 600000);
}

TEST(a_blob_of_another_size_or_digest_leaves_nothing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest stream;

	start(&store);
	CHECK_EQ(store_as(&store, "a blob", 5, "a blob", &stream), -EBADMSG);
	CHECK(strstr(err.msg, "not 5 bytes long"));
	CHECK_EQ(store_as(&store, "a blob", 7, "a blob", &stream), -EBADMSG);
	CHECK_EQ(store_as(&store, "a blob", 6, "b blob", &stream), -EBADMSG);
	CHECK(strstr(err.msg, "its digest"));
	CHECK_EQ(store_as(&store, "", 6, "a blob", &stream), -EBADMSG);
	CHECK_EQ(n_objects(), 0);
}

TEST(an_empty_blob_is_a_blob)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest stream;
	char c;

	start(&store);
	CHECK_EQ(store_as(&store, "", 0, "", &stream), 0);
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &stream, &fd, &err), 0);
	CHECK_EQ(read(fd, &c, 1), 0);
}

TEST(only_the_stream_of_a_blob_is_opened_as_one)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest layer, text;

	start(&store);
	layer = add_layer(&store);
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &layer, &fd, &err), -EBADMSG);
	text = add(&store, "no stream");
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &text, &fd, &err), -EBADMSG);
	lose(&store, &text);
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &text, &fd, &err), -ENOENT);
	CHECK_EQ(fd, -EBADF);
}

TEST(a_blob_whose_object_is_gone_or_was_never_one_is_refused)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest stream, object;
	struct cfs_sink sink;
	int fd = -EBADF;

	start(&store);
	CHECK_EQ(store_as(&store, "a blob", 6, "a blob", &stream), 0);
	object = add(&store, "a blob");
	lose(&store, &object);
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &stream, &fd, &err), -ENOENT);
	/* Bytes of its own are not what a blob is kept as. */
	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_BLOB, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, "a", 1, &err), 0);
	CHECK_EQ(cfs_stream_store(&store, w, &stream, &err), 0);
	CHECK_EQ(cfs_oci_blob_open(&store.repo, &stream, &fd, &err), -EBADMSG);
	CHECK_EQ(fd, -EBADF);
}
