/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/unzstd_sink.h"

#include "compress/zstd.h"
#include "tests/test.h"

static struct cfs_err err;

static void compress(struct cfs_bytes plain, struct cfs_buf *out)
{
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
	struct cfs_sink sink = cfs_sink_of_buf(out);
	struct cfs_sink zstd;

	CHECK_EQ(cfs_zstd_new(&sink, &z, &err), 0);
	zstd = cfs_zstd_sink(z);
	CHECK_EQ(cfs_sink_write(&zstd, plain.data, plain.len, &err), 0);
	CHECK_EQ(cfs_zstd_end(z, &err), 0);
}

/* Decompresses @in, @step bytes at a time. */
static int decompress(struct cfs_bytes in, size_t step, struct cfs_buf *out)
{
	CFS_AUTO(cfs_unzstd_sink_free) struct cfs_unzstd_sink *u = NULL;
	struct cfs_sink sink = cfs_sink_of_buf(out);
	int r = 0;

	CHECK_EQ(cfs_unzstd_sink_new(&sink, &u, &err), 0);
	while (r == 0 && in.len > 0)
		r = cfs_unzstd_sink_write(
			u, cfs_bytes_cut(&in, in.len < step ? in.len : step),
			&err);
	return r < 0 ? r : cfs_unzstd_sink_end(u, &err);
}

static void make(size_t n, struct cfs_buf *plain)
{
	for (size_t i = 0; i < n; i++)
		cfs_buf_addc(plain, (char)((i >> 9) * 31 + (i & 7)));
	CHECK_EQ(cfs_buf_check(plain, &err), 0);
}

TEST(pieces_of_any_size_are_decompressed)
{
	static const size_t steps[] = { 1, 2, 1000, 1 << 20 };
	static const size_t sizes[] = { 0, 1, 100000, 131072, 3000000 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(sizes); i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, zstd = { 0 };

		make(sizes[i], &plain);
		compress(cfs_buf_bytes(&plain), &zstd);
		for (size_t k = 0; k < CFS_ARRAY_SIZE(steps); k++) {
			CFS_AUTOBUF struct cfs_buf got = { 0 };

			CHECK_EQ(decompress(cfs_buf_bytes(&zstd), steps[k],
					    &got),
				 0);
			CHECK(cfs_bytes_same(cfs_buf_bytes(&got),
					     cfs_buf_bytes(&plain)));
		}
	}
}

TEST(what_is_no_frame_is_refused)
{
	CFS_AUTOBUF struct cfs_buf plain = { 0 }, zstd = { 0 }, got = { 0 };
	struct cfs_bytes cut;

	make(5000, &plain);
	compress(cfs_buf_bytes(&plain), &zstd);
	CHECK_EQ(decompress(cfs_buf_bytes(&plain), 100, &got), -EBADMSG);
	cut = cfs_buf_bytes(&zstd);
	for (cut.len = 0; cut.len < zstd.len; cut.len++)
		CHECK_EQ(decompress(cut, 10, &got), -EBADMSG);
	cfs_buf_addc(&zstd, 0);
	CHECK_EQ(decompress(cfs_buf_bytes(&zstd), 1, &got), -EBADMSG);
	CHECK_EQ(decompress(cfs_buf_bytes(&zstd), 10000, &got), -EBADMSG);
}

/* The header of a frame without content size: descriptor 0, window. */
TEST(a_large_window_is_refused)
{
	uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3, 1, 0, 0 };
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	CHECK_EQ(decompress((struct cfs_bytes){ frame, sizeof(frame) }, 100,
			    &got),
		 0);
	frame[5] = 14 << 3; /* 2^24 */
	CHECK_EQ(decompress((struct cfs_bytes){ frame, sizeof(frame) }, 100,
			    &got),
		 -EBADMSG);
	CHECK(strstr(err.msg, "8 MiB"));
}

static int fails(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, ENOSPC, "full");
}

TEST(a_failure_of_the_sink_is_passed_on)
{
	CFS_AUTO(cfs_unzstd_sink_free) struct cfs_unzstd_sink *u = NULL;
	CFS_AUTOBUF struct cfs_buf plain = { 0 }, zstd = { 0 };
	const struct cfs_sink sink = { fails, NULL };

	make(5000, &plain);
	compress(cfs_buf_bytes(&plain), &zstd);
	CHECK_EQ(cfs_unzstd_sink_new(&sink, &u, &err), 0);
	CHECK_EQ(cfs_unzstd_sink_write(u, cfs_buf_bytes(&zstd), &err), -ENOSPC);
}

TEST(a_whole_frame_has_exactly_the_size)
{
	CFS_AUTO(cfs_unzstd_sink_free) struct cfs_unzstd_sink *u = NULL;
	CFS_AUTOBUF struct cfs_buf plain = { 0 }, zstd = { 0 }, got = { 0 };
	struct cfs_sink sink = cfs_sink_of_buf(&got);
	struct cfs_bytes frame;
	uint8_t room[5001];

	make(5000, &plain);
	compress(cfs_buf_bytes(&plain), &zstd);
	frame = cfs_buf_bytes(&zstd);
	CHECK_EQ(cfs_unzstd_sink_new(&sink, &u, &err), 0);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(cfs_unzstd_whole(u, frame, room, 5000, &err), 0);
		CHECK_MEM(room, plain.data, 5000);
		CHECK_EQ(cfs_unzstd_whole(u, frame, room, 4999, &err),
			 -EBADMSG);
		CHECK_EQ(cfs_unzstd_whole(u, frame, room, 5001, &err),
			 -EBADMSG);
	}
	frame.len--;
	CHECK_EQ(cfs_unzstd_whole(u, frame, room, 5000, &err), -EBADMSG);
	CHECK_EQ(got.len, 0);
}
