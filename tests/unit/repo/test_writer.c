/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/writer.h"

#include "fsverity/feed.h"
#include "fsverity/merkle.h"
#include "repo/keeper.h"
#include "repo/object.h"
#include "tests/unit/repo/store.h"

#define SIZE ((size_t)3 << 20)

static struct cfs_err err;
static uint8_t bytes[SIZE];
static const struct cfs_bytes all = { bytes, SIZE };

static void prepare(struct cfs_store *store, struct cfs_digest *id)
{
	start(store);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 11);
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, all, id, &err), 0);
}

/* The size of the object, whose bytes are right; -1 when it is not there. */
static off_t stored(const struct cfs_store *store, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;

	if (cfs_object_open(store->objects, id, &fd, &err) != 1)
		return -1;
	CHECK(cfs_object_check(fd, id, &err) >= 0);
	CHECK_EQ(fstat(fd, &st), 0);
	return st.st_size;
}

static struct cfs_object_writer *begin(struct cfs_store *store)
{
	struct cfs_object_writer *w;

	CHECK_EQ(cfs_object_begin(store, SIZE, NULL, &w, &err), 1);
	return w;
}

static void write_backwards(struct cfs_object_writer *w)
{
	for (size_t at = SIZE; at > 0; at -= SIZE / 8) {
		struct cfs_bytes piece = { bytes + at - SIZE / 8, SIZE / 8 };

		CHECK_EQ(cfs_object_write(w, at - SIZE / 8, piece, &err), 0);
	}
}

TEST(pieces_in_any_order_make_an_object)
{
	for (enum cfs_temp_kind kind = CFS_TEMP_NAMED; kind <= CFS_TEMP_UNNAMED;
	     kind++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		struct cfs_object_writer *w;
		struct cfs_digest id;

		prepare(&store, &id);
		store.temps = kind;
		w = begin(&store);
		write_backwards(w);
		CHECK_EQ(stored(&store, &id), -1);
		CHECK_EQ(cfs_object_commit(w, &id, &err), 0);
		CHECK_EQ(stored(&store, &id), (off_t)SIZE);
		CHECK_EQ(store.stats.added, 1);
		CHECK_EQ(store.stats.added_bytes, SIZE);
		CHECK_EQ(count(root, "objects", ".tmp-"), 0);
	}
}

TEST(an_object_that_is_there_is_not_written_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_object_writer *w = NULL;
	struct cfs_digest id;

	prepare(&store, &id);
	CHECK_EQ(cfs_object_add_known(&store, all, &id, &err), 0);
	CHECK_EQ(cfs_object_begin(&store, SIZE, &id, &w, &err), 0);
	CHECK(!w);
	CHECK_EQ(store.stats.present, 1);
	/* Nor when that comes out only in the end. */
	w = begin(&store);
	write_backwards(w);
	CHECK_EQ(cfs_object_commit(w, &id, &err), 0);
	CHECK_EQ(store.stats.present, 2);
	CHECK_EQ(store.stats.added, 1);
}

TEST(an_abandoned_object_leaves_nothing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_object_writer *w;
	struct cfs_digest id;

	prepare(&store, &id);
	store.temps = CFS_TEMP_NAMED;
	w = begin(&store);
	write_backwards(w);
	CHECK_EQ(count(root, "objects", ".tmp-"), 1);
	cfs_object_abandon(w);
	cfs_object_abandon(NULL);
	CHECK_EQ(count(root, "objects", ".tmp-"), 0);
	CHECK_EQ(stored(&store, &id), -1);
}

/* Other bytes under the object's name. */
static void spoil(struct cfs_store *store, const struct cfs_digest *id,
		  size_t size)
{
	char path[CFS_OBJECT_PATH_MAX];
	CFS_AUTOFD int fd = -EBADF;

	cfs_digest_to_path(id, path);
	CHECK_EQ(unlinkat(store->objects, path, 0), 0);
	fd = openat(store->objects, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, (off_t)size), 0);
}

TEST(a_store_that_trusts_names_looks_at_the_size_alone)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_object_writer *w;
	struct cfs_digest id;

	prepare(&store, &id);
	CHECK_EQ(cfs_object_add_known(&store, all, &id, &err), 0);
	spoil(&store, &id, SIZE);
	cfs_store_trust_names(&store);
	CHECK_EQ(cfs_object_begin(&store, SIZE, &id, &w, &err), 0);
	/* What a power cut left is replaced all the same, */
	spoil(&store, &id, 0);
	CHECK_EQ(cfs_object_add_known(&store, all, &id, &err), 0);
	CHECK_EQ(stored(&store, &id), (off_t)SIZE);
	CHECK_EQ(store.stats.repaired, 1);
	/* and without trust so is what has other bytes. */
	spoil(&store, &id, SIZE);
	store.trusts_names = false;
	CHECK_EQ(cfs_object_begin(&store, SIZE, &id, &w, &err), 1);
	write_backwards(w);
	CHECK_EQ(cfs_object_commit(w, &id, &err), 0);
	CHECK_EQ(stored(&store, &id), (off_t)SIZE);
	CHECK_EQ(store.stats.repaired, 2);
}

TEST(a_name_is_not_trusted_without_fs_verity_where_that_is_demanded)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_object_writer *w;
	struct cfs_digest id;

	prepare(&store, &id);
	CHECK_EQ(cfs_object_add_known(&store, all, &id, &err), 0);
	cfs_store_trust_names(&store);
	store.secure = true;
	store.verity = CFS_STORE_VERITY_TRY;
	/* The kernel is asked, and has none for us. */
	CHECK_EQ(cfs_object_begin(&store, SIZE, &id, &w, &err), -EOPNOTSUPP);
}

/* Files of all kinds of lengths through a feed, twice. */
TEST(what_is_fed_is_stored_once)
{
	static const uint64_t sizes[] = { 65,
					  5000,
					  CFS_DIGESTER_WINDOW,
					  CFS_DIGESTER_WINDOW + 1,
					  SIZE,
					  CFS_FEED_HELD * CFS_DIGESTER_SEGMENT +
						  9 };
	enum {
		N = CFS_ARRAY_SIZE(sizes)
	};
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id, got[N];

	prepare(&store, &id);
	for (unsigned round = 0; round < 2; round++) {
		CFS_AUTO(cfs_digester_free) struct cfs_digester *d = NULL;
		CFS_AUTO(cfs_feed_free) struct cfs_feed *feed = NULL;
		struct cfs_keeper keeper;

		cfs_store_keeper(&store, &keeper);
		CHECK_EQ(cfs_digester_new(CFS_ALG_SHA256, 2, &keeper, &d, &err),
			 0);
		CHECK_EQ(cfs_feed_new(d, &feed, &err), 0);
		for (size_t i = 0; i < N; i++) {
			uint8_t *data;
			size_t n;

			got[i].alg = CFS_ALG_SHA256;
			CHECK_EQ(cfs_feed_file(feed, sizes[i], got[i].bytes,
					       NULL, &err),
				 0);
			while (cfs_feed_room(feed, &data, &n, &err) > 0)
				memset(data, (int)i + 1, n);
		}
		CHECK_EQ(cfs_feed_finish(feed, &err), 0);
		CHECK_EQ(store.stats.added, N);
		CHECK_EQ(store.stats.present, round * N);
	}
	for (size_t i = 0; i < N; i++)
		CHECK_EQ(stored(&store, &got[i]), (off_t)sizes[i]);
	CHECK_EQ(count(root, "objects", ".tmp-"), 0);
}

TEST(what_is_appended_in_pieces_of_any_size_is_written)
{
	static const size_t steps[] = { 1, 4095, 4096, 4097, 100000, SIZE };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(steps); i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		struct cfs_object_writer *w;
		struct cfs_bytes rest = all;
		struct cfs_digest id;

		prepare(&store, &id);
		rest.len -= 5; /* a part of a block is left */
		CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, rest, &id,
						 &err),
			 0);
		CHECK_EQ(cfs_object_begin(&store, rest.len, &id, &w, &err), 1);
		while (rest.len > 0) {
			size_t n = rest.len < steps[i] ? rest.len : steps[i];

			CHECK_EQ(cfs_object_append(w, cfs_bytes_cut(&rest, n),
						   &err),
				 0);
		}
		rest = (struct cfs_bytes){ bytes, 1 };
		CHECK_EQ(cfs_object_append(w, rest, &err), -EBADMSG);
		CHECK_EQ(cfs_object_commit(w, &id, &err), 0);
		CHECK_EQ(stored(&store, &id), SIZE - 5);
		CHECK_EQ(cfs_object_has(&store, SIZE - 5, &id, &err), 1);
		id.bytes[0] ^= 1;
		CHECK_EQ(cfs_object_has(&store, SIZE - 5, &id, &err), 0);
	}
}
