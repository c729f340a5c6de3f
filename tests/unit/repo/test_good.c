/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/good.h"

#include <string.h>

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_digest digest(enum cfs_alg alg, unsigned n)
{
	struct cfs_digest id = { .alg = alg };

	memcpy(id.bytes, &n, sizeof(n));
	memcpy(id.bytes + 8, &n, sizeof(n));
	return id;
}

TEST(an_empty_set_knows_nothing)
{
	const struct cfs_good good = { 0 };
	const struct cfs_digest id = digest(CFS_ALG_SHA256, 0);
	uint64_t size;

	CHECK(!cfs_good_size(&good, &id, &size));
}

TEST(each_object_has_the_size_it_was_added_with)
{
	CFS_AUTOGOOD struct cfs_good good = { 0 };
	struct cfs_digest id;
	uint64_t size;

	for (unsigned n = 0; n < 3000; n++) {
		id = digest(CFS_ALG_SHA512, n * 7);
		CHECK_EQ(cfs_good_add(&good, &id, n, &err), 0);
	}
	for (unsigned n = 0; n < 3000; n++) {
		id = digest(CFS_ALG_SHA512, n * 7);
		CHECK(cfs_good_size(&good, &id, &size));
		CHECK_EQ(size, n);
		id = digest(CFS_ALG_SHA512, n * 7 + 1);
		CHECK(!cfs_good_size(&good, &id, &size));
	}
}

TEST(an_object_that_is_added_twice_keeps_its_size)
{
	CFS_AUTOGOOD struct cfs_good good = { 0 };
	const struct cfs_digest a = digest(CFS_ALG_SHA256, 1);
	const struct cfs_digest b = digest(CFS_ALG_SHA256, 2);
	uint64_t size;

	CHECK_EQ(cfs_good_add(&good, &a, 10, &err), 0);
	CHECK_EQ(cfs_good_add(&good, &a, 11, &err), 0);
	CHECK_EQ(cfs_good_add(&good, &b, 12, &err), 0);
	CHECK(cfs_good_size(&good, &a, &size));
	CHECK_EQ(size, 10);
	CHECK(cfs_good_size(&good, &b, &size));
	CHECK_EQ(size, 12);
}

TEST(digests_of_another_algorithm_are_not_known)
{
	CFS_AUTOGOOD struct cfs_good good = { 0 };
	const struct cfs_digest a = digest(CFS_ALG_SHA256, 1);
	const struct cfs_digest b = digest(CFS_ALG_SHA512, 1);
	uint64_t size;

	CHECK_EQ(cfs_good_add(&good, &a, 10, &err), 0);
	CHECK(!cfs_good_size(&good, &b, &size));
	CHECK_EQ(cfs_good_add(&good, &b, 11, &err), 0);
	CHECK(!cfs_good_size(&good, &b, &size));
}

TEST(a_set_that_was_released_is_empty)
{
	struct cfs_good good = { 0 };
	const struct cfs_digest id = digest(CFS_ALG_SHA256, 1);
	uint64_t size;

	CHECK_EQ(cfs_good_add(&good, &id, 10, &err), 0);
	cfs_good_free(&good);
	CHECK(!cfs_good_size(&good, &id, &size));
	cfs_good_free(&good);
}
