/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A stream of bytes and an object in a repository of a test's own. */
#ifndef CFS_TESTS_UNIT_REPO_STREAM_STORED_H
#define CFS_TESTS_UNIT_REPO_STREAM_STORED_H

#include "repo/lock.h"
#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096];

/* A repository, and in it a stream of "one ", an object "two two two", which
 * the stream says has @claim bytes, and " three". */
static inline void start(struct cfs_store *store, uint64_t claim,
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

#endif
