/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/zstd.h"

#include "tests/test.h"

static struct cfs_err err;

static void fill(struct cfs_buf *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		cfs_buf_addc(buf, (char)(i % 251 * (i >> 12)));
}

static void compress(const struct cfs_buf *plain, size_t piece,
		     struct cfs_buf *out)
{
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
	struct cfs_sink to = cfs_sink_of_buf(out), sink;

	CHECK_EQ(cfs_zstd_new(&to, &z, &err), 0);
	sink = cfs_zstd_sink(z);
	for (size_t at = 0; at < plain->len; at += piece) {
		size_t n = plain->len - at < piece ? plain->len - at : piece;

		CHECK_EQ(cfs_sink_write(&sink, plain->data + at, n, &err), 0);
	}
	CHECK_EQ(cfs_zstd_end(z, &err), 0);
}

/* Reads @bytes, @piece at a time, into @out. */
static int expand(struct cfs_bytes bytes, size_t piece, struct cfs_buf *out)
{
	CFS_AUTO(cfs_unzstd_free) struct cfs_unzstd *u = NULL;
	struct cfs_source from = cfs_source_of_bytes(&bytes), source;
	uint8_t data[70000];
	ssize_t n;

	CHECK_EQ(cfs_unzstd_new(&from, &u, &err), 0);
	source = cfs_unzstd_source(u);
	while ((n = cfs_source_read(&source, data, piece, &err)) > 0)
		cfs_buf_add(out, data, (size_t)n);
	if (n == 0)
		CHECK_EQ(cfs_source_read(&source, data, piece, &err), 0);
	return (int)n;
}

TEST(what_was_compressed_comes_back)
{
	static const size_t lens[] = { 1, 100, 65536, 1000000 };
	static const size_t pieces[] = { 1, 7, 4096, 70000 };

	for (size_t i = 0; i < 16; i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };
		CFS_AUTOBUF struct cfs_buf back = { 0 };

		if (lens[i / 4] > 70000 && pieces[i % 4] < 4096)
			continue;
		fill(&plain, lens[i / 4]);
		compress(&plain, pieces[i % 4], &packed);
		CHECK(packed.len < plain.len || plain.len < 1000);
		CHECK_EQ(expand(cfs_buf_bytes(&packed), pieces[i % 4], &back),
			 0);
		CHECK_EQ(back.len, plain.len);
		CHECK_MEM(back.data, plain.data, plain.len);
	}
}

/* Source: what composefs-rs writes for an empty section of a splitstream. */
/* What is stored is named by its bytes. */
TEST(a_compressor_that_is_used_again_makes_the_same_bytes)
{
	static const size_t lens[] = { 1000000, 0, 100, 70000, 100, 300000 };
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
	struct cfs_buf again = { 0 };
	struct cfs_sink to = cfs_sink_of_buf(&again), sink;

	CHECK_EQ(cfs_zstd_new(&to, &z, &err), 0);
	sink = cfs_zstd_sink(z);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(lens); i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, once = { 0 };
		CFS_AUTOBUF struct cfs_buf other = { 0 };
		const struct cfs_sink next = cfs_sink_of_buf(&other);

		fill(&plain, lens[i]);
		compress(&plain, 5000, &once);
		cfs_zstd_redirect(z, &next);
		for (size_t at = 0; at < lens[i]; at += 5000)
			CHECK_EQ(cfs_sink_write(&sink, plain.data + at,
						lens[i] - at < 5000
							? lens[i] - at
							: 5000,
						&err),
				 0);
		CHECK_EQ(cfs_zstd_end(z, &err), 0);
		CHECK_EQ(other.len, once.len);
		CHECK(memcmp(other.data, once.data, once.len) == 0);
	}
	CHECK_EQ(again.len, 0);
}

TEST(a_frame_of_nothing_says_that_its_size_is_zero)
{
	static const uint8_t want[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20,
					0x00, 0x01, 0x00, 0x00 };
	CFS_AUTOBUF struct cfs_buf nothing = { 0 }, packed = { 0 };

	compress(&nothing, 1, &packed);
	CHECK_EQ(packed.len, sizeof(want));
	CHECK_MEM(packed.data, want, sizeof(want));
}

/* Source: RFC 8878, 3.1.2. */
static void add_skippable(struct cfs_buf *buf)
{
	static const uint8_t frame[] = { 0x53, 0x2a, 0x4d, 0x18, 3,  0,
					 0,    0,    'x',  'y',	 'z' };

	cfs_buf_add(buf, frame, sizeof(frame));
}

TEST(all_frames_are_read_and_skippable_ones_skipped_anywhere)
{
	CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 }, back = { 0 };

	fill(&plain, 200000);
	add_skippable(&packed);
	compress(&plain, 4096, &packed);
	add_skippable(&packed);
	add_skippable(&packed);
	compress(&plain, 4096, &packed);
	add_skippable(&packed);
	CHECK_EQ(expand(cfs_buf_bytes(&packed), 65536, &back), 0);
	CHECK_EQ(back.len, 2 * plain.len);
	CHECK_MEM(back.data + plain.len, plain.data, plain.len);
}

TEST(an_empty_source_is_empty)
{
	CFS_AUTOBUF struct cfs_buf back = { 0 };

	CHECK_EQ(expand((struct cfs_bytes){ 0 }, 10, &back), 0);
	CHECK_EQ(back.len, 0);
}

TEST(every_cut_is_noticed)
{
	CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };
	size_t first;

	fill(&plain, 5000);
	compress(&plain, 5000, &packed);
	first = packed.len;
	compress(&plain, 5000, &packed);
	for (size_t n = 1; n < packed.len; n++) {
		CFS_AUTOBUF struct cfs_buf back = { 0 };
		int r = expand((struct cfs_bytes){ packed.data, n }, 70000,
			       &back);

		CHECK_EQ(r, (n == first ? 0 : -EBADMSG));
	}
}

TEST(damage_and_what_is_no_frame_are_refused)
{
	CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 }, back = { 0 };

	fill(&plain, 100000);
	compress(&plain, 5000, &packed);
	cfs_buf_addz(&packed, 8);
	CHECK_EQ(expand(cfs_buf_bytes(&packed), 70000, &back), -EBADMSG);
	packed.len = 4;
	packed.data[0] ^= 1;
	CHECK_EQ(expand(cfs_buf_bytes(&packed), 70000, &back), -EBADMSG);
}

TEST(a_window_above_128_MiB_is_refused_by_its_size)
{
	/* A frame header whose window descriptor says 2^28 bytes, and a last
	 * raw block of one byte. */
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00,
					 0x90, 0x09, 0x00, 0x00, 'x' };
	CFS_AUTOBUF struct cfs_buf back = { 0 };
	struct cfs_bytes bytes = { frame, sizeof(frame) };

	CHECK_EQ(expand(bytes, 70000, &back), -EFBIG);
	CHECK(strstr(err.msg, "128 MiB"));
}

/* Left in the middle, at the end, and after a fault. */
TEST(a_decompressor_that_begins_again_forgets_what_it_was_in)
{
	CFS_AUTO(cfs_unzstd_free) struct cfs_unzstd *u = NULL;
	CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };
	struct cfs_bytes junk = { (const uint8_t *)"no frame at all", 15 };

	fill(&plain, 300000);
	compress(&plain, 70000, &packed);
	for (unsigned i = 0; i < 6; i++) {
		struct cfs_bytes bytes = i == 3 ? junk : cfs_buf_bytes(&packed);
		struct cfs_source from = cfs_source_of_bytes(&bytes), source;
		CFS_AUTOBUF struct cfs_buf back = { 0 };
		size_t max = i == 1 ? 1000 : plain.len;
		uint8_t data[1000];
		ssize_t n = 1;

		if (u)
			cfs_unzstd_restart(u, &from);
		else
			CHECK_EQ(cfs_unzstd_new(&from, &u, &err), 0);
		source = cfs_unzstd_source(u);
		while (n > 0 && back.len < max) {
			n = cfs_source_read(&source, data, sizeof(data), &err);
			cfs_buf_add(&back, data, n > 0 ? (size_t)n : 0);
		}
		CHECK_EQ(n < 0, i == 3);
		CHECK_EQ(back.len, i == 3 ? 0 : max);
		if (back.len > 0)
			CHECK_MEM(back.data, plain.data, back.len);
	}
}

/* One that was given back is used again. */
TEST(whatever_was_left_undone_the_next_user_begins_anew)
{
	static const size_t lens[] = { 100, 1000, 300000 };
	CFS_AUTOBUF struct cfs_buf lost = { 0 }, plain = { 0 }, want = { 0 };
	CFS_AUTOBUF struct cfs_buf got = { 0 }, back = { 0 };
	struct cfs_sink to = cfs_sink_of_buf(&lost);

	fill(&plain, 300000);
	compress(&plain, 70000, &want);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(lens); i++) {
		CFS_AUTO(cfs_unzstd_free) struct cfs_unzstd *u = NULL;
		CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
		struct cfs_bytes bytes = cfs_buf_bytes(&want);
		struct cfs_source from = cfs_source_of_bytes(&bytes), source;
		struct cfs_sink sink;
		uint8_t data[5000];

		CHECK_EQ(cfs_zstd_new(&to, &z, &err), 0);
		sink = cfs_zstd_sink(z);
		CHECK_EQ(cfs_sink_write(&sink, plain.data, lens[i], &err), 0);
		CHECK_EQ(cfs_unzstd_new(&from, &u, &err), 0);
		source = cfs_unzstd_source(u);
		CHECK(cfs_source_read(&source, data, sizeof(data), &err) > 0);
	}
	compress(&plain, 70000, &got);
	CHECK_EQ(got.len, want.len);
	CHECK_MEM(got.data, want.data, want.len);
	CHECK_EQ(expand(cfs_buf_bytes(&got), 4096, &back), 0);
	CHECK_EQ(back.len, plain.len);
	CHECK_MEM(back.data, plain.data, plain.len);
}

/* The window that the header of a frame asks for, as a power of two.
 * Source: RFC 8878, 3.1.1.1.2. */
static int window_log(const struct cfs_buf *frame)
{
	CHECK(frame->len > 6 && !(frame->data[4] & 0x20));
	return 10 + (frame->data[5] >> 3);
}

TEST(a_window_can_be_limited)
{
	for (unsigned i = 0; i < 3; i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, got = { 0 };
		CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
		struct cfs_sink to = cfs_sink_of_buf(&got), sink;

		cfs_buf_addz(&plain, 3 << 20);
		CHECK_EQ(cfs_zstd_new(&to, &z, &err), 0);
		if (i == 1)
			cfs_zstd_limit_window(z, 20);
		sink = cfs_zstd_sink(z);
		CHECK_EQ(cfs_sink_write(&sink, plain.data, plain.len, &err), 0);
		CHECK_EQ(cfs_zstd_end(z, &err), 0);
		CHECK_EQ(window_log(&got), i == 1 ? 20 : 21);
	}
}

static ssize_t fail_read(void *ctx, void *data, size_t len, struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, EIO, "bad sector");
}

static int fail_write(void *ctx, const void *data, size_t len,
		      struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, ENOSPC, "full");
}

TEST(failures_of_the_other_side_are_passed_on)
{
	CFS_AUTO(cfs_unzstd_free) struct cfs_unzstd *u = NULL;
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
	struct cfs_source from = { fail_read, NULL }, source;
	struct cfs_sink to = { fail_write, NULL };
	char data[4];

	CHECK_EQ(cfs_unzstd_new(&from, &u, &err), 0);
	source = cfs_unzstd_source(u);
	CHECK_EQ(cfs_source_read(&source, data, sizeof(data), &err), -EIO);
	CHECK_EQ(cfs_zstd_new(&to, &z, &err), 0);
	CHECK_EQ(cfs_zstd_end(z, &err), -ENOSPC);
	cfs_unzstd_free(NULL);
	cfs_zstd_free(NULL);
}
