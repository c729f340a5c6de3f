/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/names.h"

#include "repo/stream/format.h"
#include "tests/unit/repo/store.h"

#define CID "oci-layer-sha256:0123"

static struct cfs_err err;

static struct cfs_digest store_stream(struct cfs_store *store, const char *text)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest id;
	struct cfs_sink sink;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, text, strlen(text), &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	return id;
}

TEST(a_stream_is_found_by_its_content_id_and_opened_by_its_digest)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id, got;

	start(&store);
	id = store_stream(&store, "hello");
	CHECK_EQ(cfs_stream_lookup(&store.repo, CID, &got, &err), 0);
	CHECK_EQ(cfs_stream_link(&store, CID, &id, &err), 0);
	CHECK_EQ(cfs_stream_lookup(&store.repo, CID, &got, &err), 1);
	CHECK(cfs_digest_equal(&got, &id));
	CHECK_EQ(cfs_stream_load(&store.repo, &got, CFS_STREAM_LAYER, &file,
				 &err),
		 0);
	CHECK_EQ(cfs_stream_size(file.stream), 5);
}

TEST(a_stream_may_be_written_anew_under_its_content_id)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest a, b, got;

	start(&store);
	a = store_stream(&store, "one");
	b = store_stream(&store, "two");
	CHECK_EQ(cfs_stream_link(&store, CID, &a, &err), 0);
	CHECK_EQ(cfs_stream_link(&store, CID, &b, &err), 0);
	CHECK_EQ(cfs_stream_lookup(&store.repo, CID, &got, &err), 1);
	CHECK(cfs_digest_equal(&got, &b));
}

TEST(content_ids_are_file_names)
{
	static const char *const bad[] = { "", "refs", "a/b", "..", ".tmp-1" };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 };

	start(&store);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CHECK_EQ(cfs_stream_lookup(&store.repo, bad[i], &id, &err),
			 -EINVAL);
		CHECK_EQ(cfs_stream_link(&store, bad[i], &id, &err), -EINVAL);
		CHECK_EQ(cfs_stream_ref_set(&store, "r", bad[i], &err),
			 -EINVAL);
	}
}

TEST(what_is_no_link_to_an_object_is_no_stream)
{
	static const char *const targets[] = { "x", "../objects/ab",
					       "../objects/ab/cd", "/",
					       "../objects/zz/zz" };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest got;

	start(&store);
	make_dir(root, "streams");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(targets); i++) {
		char name[32];

		snprintf(name, sizeof(name), "streams/s%zu", i);
		make_link(root, name, targets[i]);
		CHECK_EQ(cfs_stream_lookup(&store.repo, name + 8, &got, &err),
			 -EINVAL);
	}
	put(root, "streams/file", "");
	CHECK_EQ(cfs_stream_lookup(&store.repo, "file", &got, &err), -EINVAL);
}

TEST(damaged_missing_and_foreign_streams_are_refused)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id, none = { .alg = CFS_ALG_SHA256 };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";

	start(&store);
	id = store_stream(&store, "hello");
	CHECK_EQ(cfs_stream_load(&store.repo, &none, NULL, &file, &err),
		 -ENOENT);
	CHECK_EQ(cfs_stream_load(&store.repo, &id, CFS_STREAM_CONFIG, &file,
				 &err),
		 -EBADMSG);
	CHECK(strstr(err.msg, "content type 'ocilayer' instead of 'ociconfg'"));
	cfs_digest_to_path(&id, path + strlen(path));
	put(root, path, "other bytes");
	CHECK_EQ(cfs_stream_load(&store.repo, &id, NULL, &file, &err),
		 -EBADMSG);
	CHECK(file.fd < 0 && !file.stream);
}

TEST(refs_lead_to_content_ids)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char got[CFS_CONTENT_ID_MAX];

	start(&store);
	CHECK_EQ(cfs_stream_ref_get(&store.repo, "oci/x", got, &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "oci/x", CID, &err), 0);
	CHECK(is_link(root, "streams/refs/oci/x", "../../" CID));
	CHECK_EQ(cfs_stream_ref_get(&store.repo, "oci/x", got, &err), 1);
	CHECK_STR(got, CID);
	CHECK_EQ(cfs_stream_ref_get(&store.repo, "oci", got, &err), -EINVAL);
	CHECK_EQ(cfs_stream_ref_remove(&store, "oci/x", &err), 1);
	CHECK_EQ(cfs_stream_ref_remove(&store, "oci/x", &err), 0);
}

static int collect_ref(const char *ref, const char *cid, void *arg,
		       struct cfs_err *e)
{
	(void)e;
	cfs_buf_addf(arg, "%s=%s ", ref, cid ? cid : "?");
	return 0;
}

static int collect(const char *cid, const struct cfs_digest *id, void *arg,
		   struct cfs_err *e)
{
	(void)e;
	cfs_buf_addf(arg, "%s%s ", cid, id ? "" : "?");
	return 0;
}

TEST(streams_and_refs_are_listed_in_order)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf refs = { 0 }, streams = { 0 };
	struct cfs_digest id;

	start(&store);
	CHECK_EQ(cfs_stream_each(&store.repo, collect, &streams, &err), 0);
	CHECK_EQ(cfs_stream_ref_each(&store.repo, "oci", collect_ref, &refs,
				     &err),
		 0);
	CHECK_EQ(streams.len, 0);
	CHECK_EQ(refs.len, 0);
	id = store_stream(&store, "hello");
	CHECK_EQ(cfs_stream_link(&store, "b", &id, &err), 0);
	CHECK_EQ(cfs_stream_link(&store, "a", &id, &err), 0);
	put(root, "streams/odd", "");
	CHECK_EQ(cfs_stream_ref_set(&store, "oci/y", "b", &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "oci/x", "a", &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "z", "a", &err), 0);
	CHECK_EQ(cfs_stream_each(&store.repo, collect, &streams, &err), 0);
	CHECK_STR(cfs_buf_text(&streams), "a b odd? ");
	CHECK_EQ(cfs_stream_ref_each(&store.repo, "oci", collect_ref, &refs,
				     &err),
		 0);
	CHECK_STR(cfs_buf_text(&refs), "x=a y=b ");
	refs.len = 0;
	CHECK_EQ(cfs_stream_ref_each(&store.repo, "", collect_ref, &refs, &err),
		 0);
	CHECK_STR(cfs_buf_text(&refs), "oci/x=a oci/y=b z=a ");
}
