/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_keeper.h"

#include "fsverity/merkle.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tests/unit/repo/store.h"

static struct cfs_err err;

static const struct cfs_bytes data = { (const uint8_t *)"some bytes", 10 };

/* A stream of one object whose digest is not known yet. */
static struct cfs_stream_writer *expecting(struct cfs_stream_slot **ret)
{
	struct cfs_stream_writer *w = NULL;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	CHECK_EQ(cfs_stream_expect(w, data.len, ret, &err), 0);
	return w;
}

static struct cfs_digest digest(void)
{
	struct cfs_digest id;

	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, data, &id, &err), 0);
	return id;
}

/* Stores the stream, which waits for its slot to be told. */
static void is_ready(struct cfs_store *store, struct cfs_stream_writer *w,
		     const struct cfs_digest *object)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct cfs_digest id, have;

	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	CHECK_EQ(cfs_stream_load(&store->repo, &id, NULL, &file, &err), 0);
	CHECK_EQ(cfs_stream_n_objects(file.stream), 1);
	have = cfs_stream_object(file.stream, 0);
	CHECK(cfs_digest_equal(&have, object));
	cfs_stream_writer_free(w);
}

TEST(a_short_file_is_stored_before_its_place_is_told)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id = digest();
	struct cfs_layer_keeper keeper;
	struct cfs_stream_slot *slot;
	struct cfs_stream_writer *w;
	struct cfs_keeper k;

	start(&store);
	cfs_layer_keeper_init(&keeper, &store, &k);
	w = expecting(&slot);
	memcpy(cfs_stream_slot_bytes(slot), id.bytes, 32);
	CHECK_EQ(k.keep(k.ctx, data, &id, slot, &err), 0);
	CHECK_EQ(store.stats.added, 1);
	is_ready(&store, w, &id);
}

TEST(a_file_in_pieces_is_stored_before_its_place_is_told)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id = digest();
	struct cfs_layer_keeper keeper;
	struct cfs_stream_slot *slot;
	struct cfs_stream_writer *w;
	struct cfs_keeper k;
	void *file = NULL;

	start(&store);
	cfs_layer_keeper_init(&keeper, &store, &k);
	w = expecting(&slot);
	memcpy(cfs_stream_slot_bytes(slot), id.bytes, 32);
	CHECK_EQ(k.begin(k.ctx, data.len, NULL, &file, &err), 1);
	CHECK_EQ(k.write(k.ctx, file, 0, data, &err), 0);
	CHECK_EQ(k.end(k.ctx, file, &id, slot, &err), 0);
	CHECK_EQ(store.stats.added, 1);
	is_ready(&store, w, &id);
}

TEST(files_without_a_place_are_stored_too_and_discarded_ones_are_not)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id = digest();
	struct cfs_layer_keeper keeper;
	struct cfs_keeper k;
	void *file = NULL;

	start(&store);
	cfs_layer_keeper_init(&keeper, &store, &k);
	CHECK_EQ(k.begin(k.ctx, data.len, NULL, &file, &err), 1);
	CHECK_EQ(k.write(k.ctx, file, 0, data, &err), 0);
	CHECK_EQ(k.end(k.ctx, file, NULL, NULL, &err), 0);
	CHECK_EQ(store.stats.added, 0);
	CHECK_EQ(k.keep(k.ctx, data, &id, NULL, &err), 0);
	CHECK_EQ(store.stats.added, 1);
	/* What is there already is not begun. */
	CHECK_EQ(k.begin(k.ctx, data.len, &id, &file, &err), 0);
}
