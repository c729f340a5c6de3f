/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include "tests/pieces.h"
#include "tests/test.h"

static struct cfs_err err;

static void fill(struct cfs_buf *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		cfs_buf_addc(buf, (char)(i % 251 * (i >> 12) + (i >> 3)));
}

static void pack_gzip(const struct cfs_buf *plain, struct cfs_buf *out)
{
	z_stream z = { 0 };

	CHECK_EQ(
		deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	CHECK(cfs_buf_reserve(out, deflateBound(&z, plain->len)));
	z.next_in = plain->data;
	z.avail_in = (uInt)plain->len;
	z.next_out = out->data + out->len;
	z.avail_out = (uInt)(out->cap - out->len);
	CHECK_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	CHECK_EQ(deflateEnd(&z), Z_OK);
}

static void pack_xz(const struct cfs_buf *plain, struct cfs_buf *out)
{
	size_t at = 0;

	CHECK(cfs_buf_reserve(out, lzma_stream_buffer_bound(plain->len)));
	CHECK_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, plain->data,
					 plain->len, out->data + out->len, &at,
					 out->cap - out->len),
		 LZMA_OK);
	out->len += at;
}

static void pack_bzip2(const struct cfs_buf *plain, struct cfs_buf *out)
{
	unsigned len = (unsigned)(plain->len + plain->len / 100 + 600);

	CHECK(cfs_buf_reserve(out, len));
	CHECK_EQ(BZ2_bzBuffToBuffCompress((char *)out->data + out->len, &len,
					  (char *)plain->data,
					  (unsigned)plain->len, 1, 0, 0),
		 BZ_OK);
	out->len += len;
}

static const struct {
	const struct cfs_codec *codec;
	void (*pack)(const struct cfs_buf *plain, struct cfs_buf *out);
} codecs[] = {
#if __has_include(<isa-l/igzip_lib.h>)
	{ &cfs_codec_gzip_isal, pack_gzip },
#endif
	{ &cfs_codec_gzip_zlib, pack_gzip },
	{ &cfs_codec_xz, pack_xz },
	{ &cfs_codec_bzip2, pack_bzip2 },
};

#define N CFS_ARRAY_SIZE(codecs)

static int expand(const struct cfs_codec *codec, struct cfs_bytes bytes,
		  size_t in, size_t out_piece, struct cfs_buf *out)
{
	CFS_AUTO(cfs_inflate_free) struct cfs_inflate *u = NULL;
	struct pieces pieces = { bytes, in };
	struct cfs_source from = { pieces_read, &pieces }, source;
	uint8_t data[70000];
	ssize_t n;

	CHECK_EQ(cfs_inflate_new(codec, &from, &u, &err), 0);
	source = cfs_inflate_source(u);
	while ((n = cfs_source_read(&source, data, out_piece, &err)) > 0)
		cfs_buf_add(out, data, (size_t)n);
	if (n == 0) {
		CHECK_EQ(cfs_source_read(&source, data, 1, &err), 0);
		CHECK_EQ(pieces.rest.len, 0);
	}
	return (int)n;
}

TEST(what_others_compressed_is_decompressed)
{
	static const size_t pieces[][2] = {
		{ 70000, 70000 }, { 1, 70000 }, { 70000, 13 }, { 7, 7 }
	};

	for (size_t i = 0; i < N * 4; i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };
		CFS_AUTOBUF struct cfs_buf back = { 0 };

		fill(&plain, 150000);
		codecs[i / 4].pack(&plain, &packed);
		CHECK_EQ(expand(codecs[i / 4].codec, cfs_buf_bytes(&packed),
				pieces[i % 4][0], pieces[i % 4][1], &back),
			 0);
		CHECK_EQ(back.len, plain.len);
		CHECK_MEM(back.data, plain.data, plain.len);
	}
}

TEST(all_members_are_read_and_zeros_behind_them_are_padding)
{
	for (size_t i = 0; i < N; i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };
		CFS_AUTOBUF struct cfs_buf back = { 0 }, empty = { 0 };

		fill(&plain, 30000);
		cfs_buf_reserve(&empty, 1);
		codecs[i].pack(&plain, &packed);
		codecs[i].pack(&empty, &packed);
		codecs[i].pack(&plain, &packed);
		cfs_buf_addz(&packed, 500000);
		CHECK_EQ(expand(codecs[i].codec, cfs_buf_bytes(&packed), 4096,
				70000, &back),
			 0);
		CHECK_EQ(back.len, 2 * plain.len);
		CHECK_MEM(back.data + plain.len, plain.data, plain.len);
	}
}

TEST(something_else_behind_a_member_is_refused)
{
	for (size_t i = 0; i < N * 2; i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };
		CFS_AUTOBUF struct cfs_buf back = { 0 };

		fill(&plain, 3000);
		codecs[i / 2].pack(&plain, &packed);
		if (i % 2) { /* a member behind padding is no member */
			cfs_buf_addz(&packed, 512);
			codecs[i / 2].pack(&plain, &packed);
		} else {
			cfs_buf_adds(&packed, "something else");
		}
		CHECK_EQ(expand(codecs[i / 2].codec, cfs_buf_bytes(&packed),
				4096, 70000, &back),
			 -EBADMSG);
	}
}

TEST(every_cut_is_noticed)
{
	for (size_t i = 0; i < N; i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };

		fill(&plain, 2000);
		codecs[i].pack(&plain, &packed);
		for (size_t n = 0; n < packed.len; n++) {
			CFS_AUTOBUF struct cfs_buf back = { 0 };
			struct cfs_bytes cut = { packed.data, n };

			CHECK_EQ(expand(codecs[i].codec, cut, 70000, 70000,
					&back),
				 -EBADMSG);
		}
	}
}

/* Not every bit of bzip2 counts. */
TEST(changed_bytes_are_noticed_or_change_nothing)
{
	for (size_t i = 0; i < N; i++) {
		CFS_AUTOBUF struct cfs_buf plain = { 0 }, packed = { 0 };

		fill(&plain, 2000);
		codecs[i].pack(&plain, &packed);
		/* From behind the header. */
		for (size_t n = 24; n < packed.len; n++) {
			CFS_AUTOBUF struct cfs_buf back = { 0 };
			int r;

			packed.data[n] ^= 0x55;
			r = expand(codecs[i].codec, cfs_buf_bytes(&packed),
				   70000, 70000, &back);
			CHECK(r == -EBADMSG ||
			      (r == 0 && back.len == plain.len &&
			       memcmp(back.data, plain.data, back.len) == 0));
			packed.data[n] ^= 0x55;
		}
	}
}
