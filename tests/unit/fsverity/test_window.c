/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/window.h"

#include "fsverity/merkle.h"
#include "tests/test.h"

static struct cfs_err err;
static int kept, fail_at;

static int keep(void *ctx, struct cfs_bytes data, const struct cfs_digest *id,
		const void *who, struct cfs_err *e)
{
	struct cfs_digest want;

	CHECK_EQ(ctx, &kept);
	CHECK_EQ(cfs_verity_digest_bytes(id->alg, data, &want, e), 0);
	CHECK(cfs_digest_equal(&want, id));
	CHECK_MEM(who, id->bytes, cfs_alg_size(id->alg));
	return ++kept == fail_at ? cfs_fail(e, EIO, "kept enough") : 0;
}

static const struct cfs_keeper keeper = { .keep = keep, .ctx = &kept };

static struct cfs_window *window(enum cfs_alg alg)
{
	struct cfs_window *w;

	kept = fail_at = 0;
	CHECK_EQ(cfs_window_new(alg, &keeper, &w, &err), 0);
	CHECK(cfs_window_is_empty(w));
	CHECK_EQ(cfs_window_alg(w), alg);
	return w;
}

static bool put(struct cfs_window *w, size_t size, uint8_t *ret)
{
	uint8_t *data = cfs_window_room(w, size);

	if (!data)
		return false;
	memset(data, (int)size, size + 1);
	cfs_window_add(w, size, ret, ret);
	return true;
}

TEST(a_window_takes_files_until_its_blocks_are_used)
{
	CFS_AUTO(cfs_window_free) struct cfs_window *w = window(CFS_ALG_SHA256);
	uint8_t got[4][CFS_DIGEST_MAX];

	CHECK(put(w, CFS_DIGESTER_WINDOW - 4096, got[0]));
	CHECK(!put(w, 4097, got[1]));
	CHECK(put(w, 1, got[1]));
	CHECK(!put(w, 1, got[2]));
	CHECK(put(w, 0, got[2])); /* has no block */
	CHECK(!cfs_window_is_empty(w));
	CHECK_EQ(cfs_window_flush(w, &err), 0);
	CHECK_EQ(kept, 3);
	CHECK(cfs_window_is_empty(w) && put(w, CFS_DIGESTER_WINDOW, got[3]));
	CHECK_EQ(cfs_window_flush(w, &err), 0);
	CHECK_EQ(kept, 4);
}

TEST(a_window_of_the_smallest_files_is_full_as_well)
{
	CFS_AUTO(cfs_window_free) struct cfs_window *w = window(CFS_ALG_SHA512);
	static uint8_t got[CFS_DIGESTER_WINDOW / 4096 + 1][CFS_DIGEST_MAX];
	size_t n = 0;

	while (put(w, 0, got[n]))
		n++;
	CHECK_EQ(n, CFS_DIGESTER_WINDOW / 4096);
	CHECK_EQ(cfs_window_flush(w, &err), 0);
	CHECK_EQ(kept, (int)n);
}

TEST(data_may_be_hashed_before_the_flush_or_not)
{
	for (int early = 0; early < 2; early++) {
		CFS_AUTO(cfs_window_free)
		struct cfs_window *w = window(CFS_ALG_SHA256);
		static uint8_t got[100][CFS_DIGEST_MAX];

		for (size_t i = 0; i < 100; i++) {
			CHECK(put(w, i * 150, got[i]));
			if (early)
				CHECK_EQ(cfs_window_hash(w, &err), 0);
		}
		CHECK_EQ(cfs_window_flush(w, &err), 0);
		CHECK_EQ(kept, 100);
	}
}

TEST(the_file_that_its_keeper_fails_for_is_the_culprit)
{
	CFS_AUTO(cfs_window_free) struct cfs_window *w = window(CFS_ALG_SHA256);
	uint8_t got[5][CFS_DIGEST_MAX];

	fail_at = 3;
	for (size_t i = 0; i < 5; i++)
		CHECK(put(w, i + 1, got[i]));
	CHECK_EQ(cfs_window_flush(w, &err), -EIO);
	CHECK_EQ(kept, 3);
	CHECK_EQ(cfs_window_culprit(w), got[2]);
	CHECK(cfs_window_is_empty(w));
	CHECK(put(w, 1, got[0]));
	CHECK_EQ(cfs_window_flush(w, &err), 0);
	CHECK(!cfs_window_culprit(w));
}

TEST(what_is_dropped_is_not_kept)
{
	CFS_AUTO(cfs_window_free) struct cfs_window *w = window(CFS_ALG_SHA256);
	uint8_t got[CFS_DIGEST_MAX];

	CHECK(put(w, 100000, got));
	CHECK_EQ(cfs_window_hash(w, &err), 0);
	cfs_window_drop(w);
	CHECK(cfs_window_is_empty(w));
	CHECK_EQ(cfs_window_flush(w, &err), 0);
	CHECK_EQ(kept, 0);
	cfs_window_free(NULL);
}
