/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/stream_blob.h"

#include "tests/unit/oci/stored.h"

TEST(a_stream_is_read_as_the_blob_that_it_stands_for)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_stream_blob *blob = NULL;
	struct cfs_source source;
	struct cfs_digest id;
	uint64_t size = 0;
	char got[8] = "";

	start(&store);
	id = add_layer(&store);
	CHECK_EQ(cfs_stream_blob_open(&store.repo, &id, &blob, &size, &err), 0);
	CHECK_EQ(size, 3);
	source = cfs_stream_blob_source(blob);
	CHECK_EQ(cfs_source_full(&source, got, sizeof(got), &err), 3);
	CHECK_STR(got, "abc");
	cfs_stream_blob_free(blob);
	cfs_stream_blob_free(NULL);
}

TEST(what_is_no_stream_or_is_missing_is_not_opened)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_stream_blob *blob = NULL;
	struct cfs_digest id;
	uint64_t size = 7;

	start(&store);
	id = add(&store, "no stream");
	CHECK_EQ(cfs_stream_blob_open(&store.repo, &id, &blob, &size, &err),
		 -EBADMSG);
	lose(&store, &id);
	CHECK_EQ(cfs_stream_blob_open(&store.repo, &id, &blob, &size, &err),
		 -ENOENT);
	CHECK(!blob);
	CHECK_EQ(size, 7);
}

TEST(an_object_that_is_gone_is_found_by_reading)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_stream_blob *blob = NULL;
	struct cfs_source source;
	struct cfs_digest id, bc;
	uint64_t size;
	char got[8];

	start(&store);
	id = add_layer(&store);
	bc = add(&store, "bc");
	lose(&store, &bc);
	CHECK_EQ(cfs_stream_blob_open(&store.repo, &id, &blob, &size, &err), 0);
	source = cfs_stream_blob_source(blob);
	CHECK_EQ(cfs_source_full(&source, got, sizeof(got), &err), -ENOENT);
	cfs_stream_blob_free(blob);
}
