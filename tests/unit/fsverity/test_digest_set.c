/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/digest_set.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_digest make(enum cfs_alg alg, unsigned n)
{
	struct cfs_digest id = { .alg = alg };

	id.bytes[cfs_alg_size(alg) - 1] = (uint8_t)n;
	id.bytes[0] = (uint8_t)(n * 37);
	return id;
}

TEST(an_empty_set_has_nothing)
{
	CFS_AUTODIGESTSET struct cfs_digest_set set = { 0 };
	struct cfs_digest id = make(CFS_ALG_SHA256, 1);

	CHECK(!cfs_digest_set_has(&set, &id));
	cfs_digest_set_sort(&set);
	CHECK_EQ(set.n, 0);
}

TEST(a_set_has_what_was_added_and_nothing_else)
{
	CFS_AUTODIGESTSET struct cfs_digest_set set = { 0 };

	for (unsigned i = 0; i < 256; i += 2) {
		struct cfs_digest id = make(CFS_ALG_SHA256, i);

		CHECK_EQ(cfs_digest_set_add(&set, &id, &err), 0);
	}
	for (unsigned i = 0; i < 256; i++) {
		struct cfs_digest id = make(CFS_ALG_SHA256, i);

		CHECK_EQ(cfs_digest_set_has(&set, &id), (i % 2 == 0));
		id = make(CFS_ALG_SHA512, i);
		CHECK(!cfs_digest_set_has(&set, &id));
	}
}

TEST(a_set_is_sorted_and_has_each_digest_once)
{
	CFS_AUTODIGESTSET struct cfs_digest_set set = { 0 };

	for (unsigned i = 0; i < 600; i++) {
		struct cfs_digest id =
			make(i % 2 ? CFS_ALG_SHA256 : CFS_ALG_SHA512, i % 100);

		CHECK_EQ(cfs_digest_set_add(&set, &id, &err), 0);
	}
	cfs_digest_set_sort(&set);
	CHECK_EQ(set.n, 100);
	for (size_t i = 1; i < set.n; i++) {
		const struct cfs_digest *a = &set.v[i - 1], *b = &set.v[i];

		CHECK_EQ(cfs_digest_set_find(&set, b), (ssize_t)i);
		CHECK(a->alg < b->alg ||
		      (a->alg == b->alg &&
		       memcmp(a->bytes, b->bytes, cfs_alg_size(a->alg)) < 0));
	}
}

/* What follows the bytes of a digest that count may be anything. */
TEST(bytes_that_do_not_count_do_not_tell_digests_apart)
{
	CFS_AUTODIGESTSET struct cfs_digest_set set = { 0 };
	struct cfs_digest id = make(CFS_ALG_SHA256, 7), other = id;

	other.bytes[40] = 1;
	CHECK_EQ(cfs_digest_set_add(&set, &id, &err), 0);
	CHECK(cfs_digest_set_has(&set, &other));
}
