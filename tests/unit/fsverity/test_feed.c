/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/feed.h"

#include <pthread.h>
#include <stdatomic.h>

#include "fsverity/merkle.h"
#include "tests/test.h"

static struct cfs_err err;

/* What a keeper has got of one file. */
struct fed {
	uint64_t size;
	uint64_t seed;
	struct cfs_digest want;
	uint8_t got[CFS_DIGEST_MAX];
	atomic_int kept; /* times */
};

/* A file on its way into the keeper below. */
struct written {
	uint64_t size;
	uint8_t *data;
	atomic_ulong bytes;
};

static struct {
	atomic_int whole, begun, ended, forgotten, present, foreign;
	atomic_ulong wrote;
	bool has_all;	     /* says that it has every file */
	uint64_t fail_whole; /* sizes at which it fails */
	uint64_t fail_write;
	pthread_t caller;
} keeper;

static uint8_t byte_of(uint64_t seed, uint64_t at)
{
	return (uint8_t)((at * 2654435761u + seed * 40503) >> 7);
}

static void count_thread(void)
{
	if (!pthread_equal(pthread_self(), keeper.caller))
		keeper.foreign++;
}

static int keep(void *ctx, struct cfs_bytes data, const struct cfs_digest *id,
		const void *who, struct cfs_err *e)
{
	struct fed *fed = (struct fed *)(uintptr_t)who;

	CHECK_EQ(ctx, &keeper);
	CHECK_EQ(fed->size, data.len);
	count_thread();
	for (size_t i = 0; i < data.len; i++)
		CHECK_EQ(data.data[i], byte_of(fed->seed, i));
	CHECK(cfs_digest_equal(id, &fed->want));
	CHECK_MEM(fed->got, id->bytes, cfs_alg_size(id->alg));
	keeper.whole++;
	if (keeper.fail_whole && keeper.fail_whole == data.len)
		return cfs_fail(e, ENOSPC, "no space");
	fed->kept++;
	return 0;
}

static int begin(void *ctx, uint64_t size, const struct cfs_digest *id,
		 void **ret, struct cfs_err *e)
{
	struct written *w;

	(void)e;
	CHECK_EQ(ctx, &keeper);
	CHECK_EQ(!!id, (size <= CFS_FEED_HELD * CFS_FEED_WINDOW));
	if (id && keeper.has_all) {
		keeper.present++;
		return 0;
	}
	w = calloc(1, sizeof(*w));
	CHECK(w);
	w->size = size;
	w->data = malloc((size_t)size);
	CHECK(w->data);
	keeper.begun++;
	*ret = w;
	return 1;
}

static int write_piece(void *ctx, void *file, uint64_t off,
		       struct cfs_bytes data, struct cfs_err *e)
{
	struct written *w = file;

	CHECK_EQ(ctx, &keeper);
	CHECK(off + data.len <= w->size);
	count_thread();
	memcpy(w->data + off, data.data, data.len);
	w->bytes += data.len;
	keeper.wrote += data.len;
	if (keeper.fail_write && keeper.fail_write == off)
		return cfs_fail(e, EDQUOT, "no more");
	return 0;
}

static void forget(struct written *w)
{
	keeper.ended++;
	free(w->data);
	free(w);
}

static int end(void *ctx, void *file, const struct cfs_digest *id,
	       const void *who, struct cfs_err *e)
{
	struct fed *fed = (struct fed *)(uintptr_t)who;
	struct written *w = file;

	(void)e;
	CHECK_EQ(ctx, &keeper);
	if (!id) {
		keeper.forgotten++;
		forget(w);
		return 0;
	}
	CHECK(cfs_digest_equal(id, &fed->want));
	fed->kept++;
	if (!w) {
		CHECK(keeper.has_all);
		return 0;
	}
	CHECK_EQ(w->size, fed->size);
	CHECK_EQ(w->bytes, fed->size);
	for (size_t i = 0; i < w->size; i += 511)
		CHECK_EQ(w->data[i], byte_of(fed->seed, i));
	forget(w);
	return 0;
}

static struct cfs_digester *digester(enum cfs_alg alg, unsigned threads,
				     bool keeps)
{
	const struct cfs_keeper k = {
		.keep = keep,
		.begin = begin,
		.write = write_piece,
		.end = end,
		.ctx = &keeper,
	};
	struct cfs_digester *d;

	memset(&keeper, 0, sizeof(keeper));
	keeper.caller = pthread_self();
	CHECK_EQ(cfs_digester_new(alg, threads, keeps ? &k : NULL, &d, &err),
		 0);
	return d;
}

static struct cfs_feed *feed_into(struct cfs_digester *d)
{
	struct cfs_feed *feed;

	CHECK_EQ(cfs_feed_new(d, &feed, &err), 0);
	return feed;
}

static void expect(struct fed *fed, enum cfs_alg alg)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	static _Thread_local uint8_t data[65536];

	CHECK_EQ(cfs_merkle_new(alg, &m, &err), 0);
	for (uint64_t at = 0; at < fed->size; at += sizeof(data)) {
		size_t n = fed->size - at < sizeof(data)
				   ? (size_t)(fed->size - at)
				   : sizeof(data);

		for (size_t i = 0; i < n; i++)
			data[i] = byte_of(fed->seed, at + i);
		CHECK_EQ(cfs_merkle_update(m, (struct cfs_bytes){ data, n },
					   &err),
			 0);
	}
	CHECK_EQ(cfs_merkle_final(m, &fed->want, NULL, &err), 0);
}

/* Feeds the first @max bytes of it.  0, or what the feed fails with. */
static int give(struct cfs_feed *feed, struct fed *fed, uint64_t max,
		struct cfs_err *e)
{
	int r = cfs_feed_file(feed, fed->size, fed->got, fed, e);
	uint64_t at = 0;
	uint8_t *data;
	size_t n;

	while (r == 0 && at < max) {
		r = cfs_feed_room(feed, &data, &n, e);
		if (r <= 0)
			break;
		CHECK(n > 0 && n <= fed->size - at);
		for (size_t i = 0; i < n; i++)
			data[i] = byte_of(fed->seed, at + i);
		at += n;
		r = 0;
	}
	if (r == 0 && at >= fed->size)
		r = cfs_feed_room(feed, &data, &n, e);
	return r;
}

static const uint64_t sizes[] = {
	0,
	1,
	65,
	4096,
	4097,
	70000,
	CFS_FEED_WINDOW - 1,
	CFS_FEED_WINDOW,
	CFS_FEED_WINDOW + 1,
	12,
	2 * CFS_FEED_WINDOW,
	CFS_FEED_HELD *CFS_FEED_WINDOW,
	CFS_FEED_HELD *CFS_FEED_WINDOW + 1,
	300,
	9 * CFS_FEED_WINDOW + 4097,
	0,
	5,
};

#define N_SIZES CFS_ARRAY_SIZE(sizes)

static void check_sizes(enum cfs_alg alg, unsigned threads, bool keeps)
{
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(alg, threads, keeps);
	CFS_AUTO(cfs_feed_free) struct cfs_feed *feed = feed_into(d);
	static struct fed files[N_SIZES];

	for (size_t i = 0; i < N_SIZES; i++) {
		files[i] = (struct fed){ .size = sizes[i], .seed = i };
		expect(&files[i], alg);
		CHECK_EQ(give(feed, &files[i], UINT64_MAX, &err), 0);
	}
	CHECK_EQ(cfs_feed_finish(feed, &err), 0);
	CHECK_EQ(cfs_feed_finish(feed, &err), 0);
	for (size_t i = 0; i < N_SIZES; i++) {
		CHECK_MEM(files[i].got, files[i].want.bytes, cfs_alg_size(alg));
		CHECK_EQ(files[i].kept, (keeps ? 1 : 0));
	}
	CHECK_EQ(keeper.begun, keeper.ended);
	CHECK_EQ(keeper.forgotten, 0);
	if (threads == 1)
		CHECK_EQ(keeper.foreign, 0);
}

TEST(digests_of_fed_files_are_those_of_files_and_each_is_kept_once)
{
	static const unsigned threads[] = { 1, 2, 5 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(threads); i++) {
		check_sizes(CFS_ALG_SHA256, threads[i], true);
		check_sizes(CFS_ALG_SHA512, threads[i], true);
		check_sizes(CFS_ALG_SHA256, threads[i], false);
	}
}

TEST(nothing_is_written_of_a_held_file_that_is_there)
{
	for (unsigned threads = 1; threads < 4; threads++) {
		CFS_AUTO(cfs_digester_free)
		struct cfs_digester *d =
			digester(CFS_ALG_SHA256, threads, true);
		CFS_AUTO(cfs_feed_free) struct cfs_feed *feed = feed_into(d);
		struct fed fed = { .size = CFS_FEED_HELD * CFS_FEED_WINDOW,
				   .seed = 3 };

		keeper.has_all = true;
		expect(&fed, CFS_ALG_SHA256);
		CHECK_EQ(give(feed, &fed, UINT64_MAX, &err), 0);
		CHECK_EQ(cfs_feed_finish(feed, &err), 0);
		CHECK_EQ(keeper.present, 1);
		CHECK_EQ(keeper.wrote, 0);
		CHECK_EQ(keeper.begun, 0);
		CHECK_EQ(fed.kept, 1);
	}
}

#define MANY 3000

static void give_many(struct cfs_feed *feed, struct fed *files,
		      enum cfs_alg alg)
{
	struct cfs_err e;

	for (size_t i = 0; i < MANY; i++) {
		files[i].size = i % 97 == 0 ? 300000 + i : i * 7 % 9000;
		files[i].seed = i;
		expect(&files[i], alg);
		CHECK_EQ(give(feed, &files[i], UINT64_MAX, &e), 0);
		if (i == MANY / 2)
			CHECK_EQ(cfs_feed_finish(feed, &e), 0);
	}
	CHECK_EQ(cfs_feed_finish(feed, &e), 0);
	for (size_t i = 0; i < MANY; i++)
		CHECK(files[i].kept == 1 &&
		      memcmp(files[i].got, files[i].want.bytes,
			     cfs_alg_size(alg)) == 0);
}

static void *feed_many(void *arg)
{
	CFS_AUTO(cfs_feed_free) struct cfs_feed *feed = feed_into(arg);
	struct fed *files = calloc(MANY, sizeof(*files));

	CHECK(files);
	give_many(feed, files, CFS_ALG_SHA512);
	free(files);
	return NULL;
}

TEST(several_feeds_lead_into_one_digester)
{
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(CFS_ALG_SHA512, 3, true);
	pthread_t threads[3];

	for (size_t i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, feed_many, d), 0);
	for (size_t i = 0; i < 3; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(keeper.whole, 3 * MANY);
}

/* Everything fails with what failed first, and nothing is left open. */
static void check_failure(unsigned threads, uint64_t whole, uint64_t piece,
			  int code)
{
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(CFS_ALG_SHA256, threads, true);
	struct cfs_feed *feed = feed_into(d);
	static struct fed files[N_SIZES];
	const struct fed *culprit;
	int r = 0;

	keeper.fail_whole = whole;
	keeper.fail_write = piece;
	for (size_t i = 0; r == 0 && i < N_SIZES; i++) {
		files[i] = (struct fed){ .size = sizes[i], .seed = i };
		expect(&files[i], CFS_ALG_SHA256);
		r = give(feed, &files[i], UINT64_MAX, &err);
	}
	CHECK(r == 0 || r == code);
	if (r == 0)
		CHECK_EQ(cfs_feed_finish(feed, &err), code);
	culprit = cfs_digester_culprit(d);
	CHECK(culprit && (whole == 0 || culprit->size == whole));
	CHECK_EQ(cfs_digester_finish(d, &err), code);
	cfs_feed_free(feed);
	CHECK_EQ(keeper.begun, keeper.ended);
}

TEST(a_keeper_that_fails_ends_it_and_nothing_leaks)
{
	for (unsigned threads = 1; threads < 4; threads++) {
		check_failure(threads, 300, 0, -ENOSPC);
		check_failure(threads, 5, 0, -ENOSPC);
		check_failure(threads, 0, CFS_FEED_WINDOW, -EDQUOT);
		check_failure(threads, 0, 8 * CFS_FEED_WINDOW, -EDQUOT);
	}
}

TEST(a_file_that_is_cut_short_is_forgotten)
{
	static const uint64_t lengths[] = { 5000, 2 * CFS_FEED_WINDOW + 1,
					    9 * CFS_FEED_WINDOW };
	static const uint64_t given[] = { 0, 1, CFS_FEED_WINDOW + 1 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lengths) * 3; i++) {
		CFS_AUTO(cfs_digester_free)
		struct cfs_digester *d =
			digester(CFS_ALG_SHA256, i % 2 + 1, true);
		struct cfs_feed *feed = feed_into(d);
		struct fed fed = { .size = lengths[i / 3] };

		if (given[i % 3] < fed.size)
			CHECK_EQ(give(feed, &fed, given[i % 3], &err), 0);
		cfs_feed_free(feed);
		CHECK_EQ(keeper.begun, keeper.ended);
		CHECK_EQ(fed.kept, 0);
		CHECK_EQ(cfs_digester_finish(d, &err), 0);
	}
	cfs_feed_free(NULL);
}
