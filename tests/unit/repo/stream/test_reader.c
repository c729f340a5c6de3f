/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/reader.h"

#include "compress/zstd.h"
#include "repo/stream/format.h"
#include "repo/stream/writer.h"
#include "tests/test.h"
#include "tests/unit/repo/stream/stream.h"

static struct cfs_err err;

/* A stream of "hello ", object 0, "world", with the named reference "one". */
static void make(struct cfs_buf *out)
{
	const struct cfs_digest object = { CFS_ALG_SHA256, { 1, 2, 3 } };
	const struct cfs_digest stream = { CFS_ALG_SHA256, { 4, 5, 6 } };
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_sink sink;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, "hello ", 6, &err), 0);
	CHECK_EQ(cfs_stream_external(w, 100, &object, &err), 0);
	CHECK_EQ(cfs_sink_write(&sink, "world", 5, &err), 0);
	CHECK_EQ(cfs_stream_add_name(w, "one", &stream, &err), 0);
	CHECK_EQ(cfs_stream_finish(w, out, &err), 0);
}

static struct cfs_stream_info *info_of(struct cfs_buf *bytes)
{
	return (void *)(bytes->data + sizeof(struct cfs_stream_header));
}

static void refused(const struct cfs_buf *bytes, const char *words)
{
	struct cfs_stream *s = NULL;
	int fd = file_of(bytes),
	    r = cfs_stream_open(fd, CFS_ALG_SHA256, &s, &err);

	close(fd);
	CHECK_EQ(r, -EBADMSG);
	CHECK(!s);
	if (!strstr(err.msg, words))
		printf("# %s\n", err.msg);
	CHECK(strstr(err.msg, words));
}

static void check_content(struct cfs_stream *s)
{
	struct cfs_stream_chunk chunk;
	char data[16] = "";

	CHECK(cfs_stream_is(s, CFS_STREAM_LAYER));
	CHECK_EQ(cfs_stream_size(s), 111);
	CHECK(!cfs_stream_is(s, CFS_STREAM_CONFIG));
	CHECK_STR(cfs_stream_type(s), "ocilayer");
	CHECK_EQ(cfs_stream_next(s, &chunk, &err), 1);
	CHECK(!chunk.is_object);
	CHECK_EQ(chunk.n, 6);
	CHECK_EQ(cfs_stream_read(s, data, sizeof(data), &err), 6);
	CHECK_STR(data, "hello ");
	CHECK_EQ(cfs_stream_read(s, data, sizeof(data), &err), 0);
	CHECK_EQ(cfs_stream_next(s, &chunk, &err), 1);
	CHECK(chunk.is_object);
	CHECK_EQ(chunk.n, 0);
	CHECK_EQ(cfs_stream_read(s, data, sizeof(data), &err), 0);
	CHECK_EQ(cfs_stream_next(s, &chunk, &err), 1);
	CHECK_EQ(chunk.n, 5);
	/* What is not read is skipped. */
	CHECK_EQ(cfs_stream_read(s, data, 2, &err), 2);
	CHECK_EQ(cfs_stream_next(s, &chunk, &err), 0);
	CHECK_EQ(cfs_stream_next(s, &chunk, &err), 0);
}

TEST(what_was_written_is_read_and_can_be_read_again)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = NULL;

	make(&bytes);
	s = open_stream(&bytes, CFS_ALG_SHA256);
	check_content(s);
	cfs_stream_rewind(s);
	check_content(s);
}

TEST(the_older_header_is_read_as_well)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = NULL;
	struct cfs_stream_old_header old = { .alg = CFS_ALG_SHA256,
					     .log_block = 12 };
	struct cfs_stream_header header;

	make(&bytes);
	memcpy(&header, bytes.data, sizeof(header));
	memcpy(old.magic, CFS_STREAM_MAGIC, sizeof(old.magic));
	old.info = header.info;
	memcpy(bytes.data, &old, sizeof(old));
	s = open_stream(&bytes, CFS_ALG_SHA256);
	check_content(s);
}

TEST(an_info_section_may_be_longer_than_we_know)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = NULL;
	struct cfs_stream_header header;
	struct cfs_stream_info info;
	size_t end;

	make(&bytes);
	end = bytes.len;
	memcpy(&info, info_of(&bytes), sizeof(info));
	cfs_buf_add(&bytes, &info, sizeof(info));
	cfs_buf_adds(&bytes, "something of a later version");
	memcpy(&header, bytes.data, sizeof(header));
	header.info.start = cfs_put64(end);
	header.info.end = cfs_put64(bytes.len);
	memcpy(bytes.data, &header, sizeof(header));
	s = open_stream(&bytes, CFS_ALG_SHA256);
	check_content(s);
}

TEST(headers_that_are_none_are_refused)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *words;
	} cases[] = {
		{ 0, 'X', "wrong magic value" },
		{ 11, 7, "unknown version 7" },
		{ 14, 2, "its digests are not sha256" },
		{ 15, 16, "block size is not 4096" },
		{ 23, 1, "outside the file" },
		{ 24, 31, "outside the file" },
		{ 24, 111, "too short" },
		{ 16, 31, "overlap" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		CFS_AUTOBUF struct cfs_buf bytes = { 0 };

		make(&bytes);
		bytes.data[cases[i].at] = cases[i].value;
		refused(&bytes, cases[i].words);
	}
}

TEST(sections_that_lie_over_each_other_are_refused)
{
	for (int i = 0; i < 4; i++) {
		CFS_AUTOBUF struct cfs_buf bytes = { 0 };
		struct cfs_stream_info *info;
		struct cfs_stream_range *ranges[4];

		make(&bytes);
		info = info_of(&bytes);
		ranges[0] = &info->stream_refs;
		ranges[1] = &info->object_refs;
		ranges[2] = &info->named_refs;
		ranges[3] = &info->stream;
		*ranges[i] = (struct cfs_stream_range){ cfs_put64(32),
							cfs_put64(64) };
		refused(&bytes, "overlap");
		*ranges[i] = *ranges[(i + 1) % 4];
		refused(&bytes, "overlap");
		*ranges[i] = (struct cfs_stream_range){ cfs_put64(200),
							cfs_put64(199) };
		refused(&bytes, "outside the file");
	}
}

TEST(a_list_of_digests_is_of_whole_digests)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	struct cfs_stream_info *info;

	make(&bytes);
	info = info_of(&bytes);
	info->object_refs.end = cfs_put64(cfs_get64(info->object_refs.end) - 1);
	refused(&bytes, "odd length");
}

/* Puts a zstd frame of @text behind everything, as the section @range. */
static void replace(struct cfs_buf *bytes, struct cfs_stream_range *range,
		    const void *text, size_t len)
{
	size_t off = (size_t)((uint8_t *)range - bytes->data);
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
	struct cfs_sink to = cfs_sink_of_buf(bytes), sink;
	struct cfs_stream_range where = { cfs_put64(bytes->len), { { 0 } } };

	CHECK_EQ(cfs_zstd_new(&to, &z, &err), 0);
	sink = cfs_zstd_sink(z);
	CHECK_EQ(cfs_sink_write(&sink, text, len, &err), 0);
	CHECK_EQ(cfs_zstd_end(z, &err), 0);
	where.end = cfs_put64(bytes->len);
	memcpy(bytes->data + off, &where, sizeof(where));
}

TEST(named_references_are_checked_one_by_one)
{
	static const struct {
		const char *text;
		size_t len;
		const char *words;
	} cases[] = {
		{ "0:one", 5, "has no end" },
		{ "0one\0", 5, "has no colon" },
		{ ":one\0", 5, "no valid index" },
		{ "x:one\0", 6, "no valid index" },
		{ "-1:one\0", 7, "no valid index" },
		{ "1:one\0", 6, "out of range" },
		{ "0:one\0"
		  "99999999999999999999:x\0",
		  29, "no valid index" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		CFS_AUTOBUF struct cfs_buf bytes = { 0 };

		make(&bytes);
		replace(&bytes, &info_of(&bytes)->named_refs, cases[i].text,
			cases[i].len);
		refused(&bytes, cases[i].words);
	}
}

TEST(named_references_have_a_limit)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	size_t len = CFS_STREAM_NAMES_MAX + 1;
	CFS_AUTOFREE char *bomb = calloc(1, len);
	struct cfs_stream *s;

	CHECK(bomb);
	make(&bytes);
	replace(&bytes, &info_of(&bytes)->named_refs, bomb, len);
	CHECK(bytes.len < 10000);
	CHECK_EQ(cfs_stream_open(file_of(&bytes), CFS_ALG_SHA256, &s, &err),
		 -EFBIG);
}

static int read_all(const struct cfs_buf *bytes)
{
	CFS_AUTO(cfs_stream_free)
	struct cfs_stream *s = open_stream(bytes, CFS_ALG_SHA256);
	struct cfs_stream_chunk chunk;
	int r;

	do
		r = cfs_stream_next(s, &chunk, &err);
	while (r > 0);
	return r;
}

TEST(chunks_that_are_damaged_are_refused_when_they_come)
{
	static const int64_t chunks[][3] = {
		{ 1 },	     /* there is one object, 0 */
		{ -100, 5 }, /* more bytes than there are */
		{ INT64_MIN, 1 },
		{ INT64_MAX },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(chunks); i++) {
		CFS_AUTOBUF struct cfs_buf bytes = { 0 };

		make(&bytes);
		replace(&bytes, &info_of(&bytes)->stream, chunks[i],
			sizeof(chunks[i]));
		CHECK_EQ(read_all(&bytes), -EBADMSG);
	}
}

TEST(every_cut_of_the_file_is_noticed)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };

	make(&bytes);
	for (size_t n = 0; n < bytes.len; n++) {
		CFS_AUTOBUF struct cfs_buf cut = { 0 };
		struct cfs_stream *s = NULL;
		int fd;

		cfs_buf_add(&cut, bytes.data, n);
		fd = file_of(&cut);
		CHECK_EQ(cfs_stream_open(fd, CFS_ALG_SHA256, &s, &err),
			 -EBADMSG);
		close(fd);
	}
}
