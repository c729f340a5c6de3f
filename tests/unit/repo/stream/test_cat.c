/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/cat.h"

#include "repo/lock.h"
#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096];

/* A repository, and in it a stream of "one ", an object "two two two", and
 * " three". */
static void start(struct cfs_store *store, uint64_t claim,
		  struct cfs_digest *object, struct cfs_digest *ret)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_bytes text = { (const uint8_t *)"two two two", 11 };
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_sink sink;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &err), 0);
	CHECK_EQ(cfs_object_add_bytes(store, text, object, &err), 0);
	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, "one ", 4, &err), 0);
	CHECK_EQ(cfs_stream_external(w, claim, object, &err), 0);
	CHECK_EQ(cfs_sink_write(&sink, " three", 6, &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, ret, &err), 0);
}

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
