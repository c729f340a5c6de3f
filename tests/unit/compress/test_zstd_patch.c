/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/zstd_patch.h"

#include "compress/unzstd_sink.h"
#include "tests/test.h"

static struct cfs_err err;

static void make(size_t n, uint32_t seed, struct cfs_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		cfs_buf_addc(out, (char)(seed >> 24));
	}
	CHECK_EQ(cfs_buf_check(out, &err), 0);
}

static int apply(struct cfs_bytes old, struct cfs_bytes patch,
		 struct cfs_buf *out)
{
	CFS_AUTO(cfs_unzstd_sink_free) struct cfs_unzstd_sink *u = NULL;
	struct cfs_sink sink = cfs_sink_of_buf(out);
	int r = 0;

	CHECK_EQ(cfs_unzstd_sink_new(&sink, &u, &err), 0);
	CHECK_EQ(cfs_unzstd_sink_patches(u, old, &err), 0);
	while (r == 0 && patch.len > 0)
		r = cfs_unzstd_sink_write(
			u,
			cfs_bytes_cut(&patch,
				      patch.len < 1000 ? patch.len : 1000),
			&err);
	return r < 0 ? r : cfs_unzstd_sink_end(u, &err);
}

/* Random bytes, of which nothing is saved by themselves. */
TEST(a_patch_has_what_is_new)
{
	static const size_t sizes[] = { 1000, 1 << 20, 9 << 20 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(sizes); i++) {
		CFS_AUTOBUF struct cfs_buf old = { 0 }, new = { 0 };
		CFS_AUTOBUF struct cfs_buf patch = { 0 }, got = { 0 };

		make(sizes[i], 1, &old);
		make(500, 2, &new);
		cfs_buf_add(&new, old.data, old.len);
		new.data[500 + sizes[i] / 2] ^= 1;
		CHECK_EQ(cfs_zstd_patch(cfs_buf_bytes(&old),
					cfs_buf_bytes(&new), &patch, &err),
			 1);
		CHECK(patch.len > 500 && patch.len < 700 + sizes[i] / 1000);
		CHECK_EQ(
			apply(cfs_buf_bytes(&old), cfs_buf_bytes(&patch), &got),
			0);
		CHECK(cfs_bytes_same(cfs_buf_bytes(&got), cfs_buf_bytes(&new)));
	}
}

/* Whether the result is right is not known here: its digest tells. */
TEST(of_other_bytes_a_patch_makes_something_else)
{
	CFS_AUTOBUF struct cfs_buf old = { 0 }, other = { 0 };
	CFS_AUTOBUF struct cfs_buf patch = { 0 }, got = { 0 };
	int r;

	make(100000, 1, &old);
	make(1000, 3, &other);
	CHECK_EQ(cfs_zstd_patch(cfs_buf_bytes(&old), cfs_buf_bytes(&old),
				&patch, &err),
		 1);
	r = apply(cfs_buf_bytes(&other), cfs_buf_bytes(&patch), &got);
	CHECK(r == -EBADMSG || (r == 0 && got.len != old.len) ||
	      !cfs_bytes_same(cfs_buf_bytes(&got), cfs_buf_bytes(&old)));
}

TEST(windows_are_in_proportion_and_limited)
{
	CHECK_EQ(cfs_zstd_patch_window(0), 20);
	CHECK_EQ(cfs_zstd_patch_window(1 << 18), 20);
	CHECK_EQ(cfs_zstd_patch_window((1 << 18) + 1), 21);
	CHECK_EQ(cfs_zstd_patch_window(1 << 25), 27);
	CHECK_EQ(cfs_zstd_patch_window(1 << 26), 27);
	CHECK(cfs_zstd_patch_window((1 << 26) + 1) < 0);
	CHECK(cfs_zstd_patch_window(UINT64_MAX) < 0);
}

TEST(what_is_too_long_has_no_patch)
{
	CFS_AUTOBUF struct cfs_buf old = { 0 }, new = { 0 }, patch = { 0 };

	make(1000, 1, &old);
	cfs_buf_addz(&new, 2 << 20);
	CHECK_EQ(cfs_zstd_patch(cfs_buf_bytes(&old), cfs_buf_bytes(&new),
				&patch, &err),
		 0);
	CHECK_EQ(patch.len, 0);
}
