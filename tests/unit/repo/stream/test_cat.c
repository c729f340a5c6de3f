/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/cat.h"

#include "tests/unit/repo/stream/stored.h"

static int cat(struct cfs_store *store, const struct cfs_digest *id,
	       struct cfs_buf *out)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct cfs_sink sink = cfs_sink_of_buf(out);

	CHECK_EQ(cfs_stream_load(&store->repo, id, NULL, &file, &err), 0);
	return cfs_stream_cat(&store->repo, file.stream, &sink, &err);
}

TEST(bytes_and_objects_come_in_their_order)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_digest object, id;

	start(&store, 11, &object, &id);
	CHECK_EQ(cat(&store, &id, &out), 0);
	CHECK_STR(cfs_buf_text(&out), "one two two two three");
}

TEST(a_stream_that_claims_another_length_is_damaged)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_digest object, id;

	start(&store, 12, &object, &id);
	CHECK_EQ(cat(&store, &id, &out), -EBADMSG);
}

TEST(damaged_and_missing_objects_are_not_written)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest object, id;

	start(&store, 11, &object, &id);
	cfs_digest_to_path(&object, path + strlen(path));
	put(root, path, "bad bad bad");
	CHECK_EQ(cat(&store, &id, &out), -EBADMSG);
	CHECK_STR(cfs_buf_text(&out), "one ");
	CHECK_EQ(unlinkat(store.repo.fd, path, 0), 0);
	CHECK_EQ(cat(&store, &id, &out), -ENOENT);
}
