/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/ids.h"

#include "tests/test.h"

static struct cfs_err err;

static void make(uint8_t id[static CFS_DIGEST_MAX], unsigned n)
{
	for (unsigned i = 0; i < CFS_DIGEST_MAX; i++)
		id[i] = (uint8_t)(n >> (i % 4 * 8));
}

TEST(each_digest_has_one_index_in_the_order_of_first_use)
{
	struct cfs_ids ids = { .alg = CFS_ALG_SHA512 };
	uint8_t id[CFS_DIGEST_MAX];
	size_t index;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned n = 0; n < 5000; n++) {
			make(id, n * 31);
			CHECK_EQ(cfs_ids_index(&ids, id, 5000, &index, &err),
				 0);
			CHECK_EQ(index, n);
			CHECK_EQ(cfs_ids_count(&ids), (round ? 5000 : n + 1));
		}
	}
	make(id, 77);
	CHECK_EQ(cfs_ids_index(&ids, id, 5000, &index, &err), -EFBIG);
	cfs_ids_free(&ids);
	CHECK_EQ(cfs_ids_count(&ids), 0);
	CHECK_EQ(cfs_ids_index(&ids, id, 5000, &index, &err), 0);
	CHECK_EQ(index, 0);
	cfs_ids_free(&ids);
}

TEST(digests_that_differ_at_their_end_alone_are_two)
{
	struct cfs_ids ids = { .alg = CFS_ALG_SHA256 };
	uint8_t a[CFS_DIGEST_MAX] = { 0 }, b[CFS_DIGEST_MAX] = { 0 };
	size_t index;

	b[31] = 1;
	CHECK_EQ(cfs_ids_index(&ids, a, 2, &index, &err), 0);
	CHECK_EQ(index, 0);
	CHECK_EQ(cfs_ids_index(&ids, b, 2, &index, &err), 0);
	CHECK_EQ(index, 1);
	cfs_ids_free(&ids);
}

TEST(a_digest_is_found_without_being_added)
{
	struct cfs_ids ids = { .alg = CFS_ALG_SHA512 };
	uint8_t id[CFS_DIGEST_MAX];
	size_t index;

	make(id, 1);
	CHECK(!cfs_ids_find(&ids, id, &index));
	for (unsigned n = 0; n < 1000; n++) {
		make(id, n * 7);
		CHECK_EQ(cfs_ids_index(&ids, id, 1000, &index, &err), 0);
	}
	for (unsigned n = 0; n < 7000; n++) {
		make(id, n);
		CHECK_EQ(cfs_ids_find(&ids, id, &index), (n % 7 == 0));
		CHECK(n % 7 != 0 || index == n / 7);
	}
	CHECK_EQ(cfs_ids_count(&ids), 1000);
	cfs_ids_free(&ids);
}
