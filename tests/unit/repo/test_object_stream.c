/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/object_stream.h"

#include "fsverity/merkle.h"
#include "repo/object.h"
#include "tests/unit/repo/store.h"

static struct cfs_err err;
static uint8_t bytes[200000];

static void begin(struct cfs_store *store, struct cfs_digest *id)
{
	struct cfs_bytes all = { bytes, sizeof(bytes) };

	start(store);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 11);
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, all, id, &err), 0);
}

static bool is_stored(const struct cfs_store *store,
		      const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;

	if (cfs_object_open(store->objects, id, &fd, &err) != 1)
		return false;
	CHECK(cfs_object_check(fd, id, &err) >= 0);
	return true;
}

/* Writes @n bytes and ends the object. */
static int stream(struct cfs_store *store, const struct cfs_digest *id,
		  size_t n)
{
	CFS_AUTO(cfs_object_stream_free) struct cfs_object_stream *s = NULL;
	struct cfs_sink sink;
	int r = cfs_object_stream_begin(store, id, sizeof(bytes), &s, &err);

	if (r <= 0)
		return r < 0 ? r : 1;
	sink = cfs_object_stream_sink(s);
	r = cfs_sink_write(&sink, bytes, 1234, &err);
	if (r == 0)
		r = cfs_sink_write(&sink, bytes + 1234, n - 1234, &err);
	return r < 0 ? r : cfs_object_stream_end(s, &err);
}

TEST(the_right_bytes_are_stored)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	begin(&store, &id);
	CHECK_EQ(stream(&store, &id, sizeof(bytes)), 0);
	CHECK(is_stored(&store, &id));
	CHECK_EQ(store.stats.added, 1);
	CHECK_EQ(stream(&store, &id, sizeof(bytes)), 1); /* it is there */
}

TEST(other_bytes_are_not)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	begin(&store, &id);
	CHECK_EQ(stream(&store, &id, sizeof(bytes) - 1), -EBADMSG);
	bytes[150000] ^= 1;
	CHECK_EQ(stream(&store, &id, sizeof(bytes)), -EBADMSG);
	CHECK(!is_stored(&store, &id));
	CHECK_EQ(store.stats.added, 0);
	CHECK_EQ(count(root, "objects", ".tmp-"), 0);
}

TEST(more_bytes_are_refused_at_once)
{
	CFS_AUTO(cfs_object_stream_free) struct cfs_object_stream *s = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;
	struct cfs_sink sink;

	begin(&store, &id);
	CHECK_EQ(cfs_object_stream_begin(&store, &id, sizeof(bytes), &s, &err),
		 1);
	sink = cfs_object_stream_sink(s);
	CHECK_EQ(cfs_sink_write(&sink, bytes, sizeof(bytes), &err), 0);
	CHECK_EQ(cfs_sink_write(&sink, bytes, 1, &err), -EBADMSG);
}

TEST(bytes_in_memory_are_compared_with_their_digest)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_bytes all = { bytes, sizeof(bytes) };
	struct cfs_digest id;

	begin(&store, &id);
	all.len--;
	CHECK_EQ(cfs_object_add_claimed(&store, &id, all, &err), -EBADMSG);
	CHECK(!is_stored(&store, &id));
	all.len++;
	CHECK_EQ(cfs_object_add_claimed(&store, &id, all, &err), 0);
	CHECK(is_stored(&store, &id));
}
