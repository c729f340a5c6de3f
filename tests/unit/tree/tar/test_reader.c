/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/reader.h"

#include "tests/tarball.h"
#include "tests/test.h"

static struct cfs_err err;

/* A source that gives at most @step bytes at a time. */
struct slow {
	struct cfs_bytes rest;
	size_t step;
	size_t longest; /* of what was asked for at once */
	unsigned reads;
};

static ssize_t read_slow(void *ctx, void *data, size_t len, struct cfs_err *e)
{
	struct slow *slow = ctx;
	const struct cfs_source source = cfs_source_of_bytes(&slow->rest);

	slow->reads++;
	if (len > slow->longest)
		slow->longest = len;
	return cfs_source_read(
		&source, data,
		slow->step && len > slow->step ? slow->step : len, e);
}

/* What came out of an archive. */
struct seen {
	struct cfs_buf raw;    /* what the sink got */
	struct cfs_buf joined; /* with the external contents where they were */
	struct cfs_buf list;   /* a line an entry */
	unsigned entries;
};

static void seen_free(struct seen *s)
{
	cfs_buf_free(&s->raw);
	cfs_buf_free(&s->joined);
	cfs_buf_free(&s->list);
}

static void seen_freep(struct seen *s)
{
	seen_free(s);
}
#define AUTO_SEEN __attribute__((cleanup(seen_freep)))

static int take_raw(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	struct seen *s = ctx;

	(void)e;
	cfs_buf_add(&s->raw, data, len);
	cfs_buf_add(&s->joined, data, len);
	return 0;
}

static void note(struct seen *s, const struct cfs_tar_entry *e)
{
	s->entries++;
	cfs_buf_addf(&s->list, "%llu %.*s %o %llu %.*s %d\n",
		     (unsigned long long)e->offset, (int)e->path.len,
		     (const char *)e->path.data, e->mode,
		     (unsigned long long)e->size, (int)e->content.len,
		     e->content.data ? (const char *)e->content.data : "",
		     e->is_external);
}

/* How contents are read: all at once, in pieces, a part only, or not. */
enum how {
	WHOLE,
	PIECES,
	PART,
	NOT
};

static int read_content(struct cfs_tar *t, const struct cfs_tar_entry *e,
			enum how how, struct seen *s)
{
	size_t piece = how == WHOLE ? (size_t)e->size + 1 : 100;
	CFS_AUTOFREE uint8_t *data = malloc(piece);
	ssize_t n = 0;

	CHECK(data);
	CHECK_EQ(s->raw.len, e->raw_before);
	while (how != NOT && (n = cfs_tar_read(t, data, piece, &err)) > 0) {
		cfs_buf_add(&s->joined, data, (size_t)n);
		if (how == PART)
			break;
	}
	return n < 0 ? (int)n : 0;
}

static int read_tar(struct cfs_bytes tar, size_t step, enum how how,
		    unsigned flags, struct seen *s)
{
	struct slow slow = { .rest = tar, .step = step };
	const struct cfs_source source = { read_slow, &slow };
	const struct cfs_sink sink = { take_raw, s };
	CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
	const struct cfs_tar_entry *e;
	int r;

	CHECK_EQ(cfs_tar_new(&source, &sink, flags, &t, &err), 0);
	while ((r = cfs_tar_next(t, &e, &err)) > 0) {
		note(s, e);
		if (e->is_external && flags == 0)
			r = read_content(t, e, how, s);
		if (r < 0)
			return r;
	}
	if (r == 0)
		CHECK_EQ(cfs_tar_next(t, &e, &err), 0);
	return r;
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	CHECK(!a->failed && !b->failed);
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static char pattern[300000];

static void big_file(struct cfs_buf *out, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)(i * i >> 7);
	tar_entry(out, (struct tar_spec){ .name = name, .mode = 0600 }, pattern,
		  len);
}

/* An archive with everything that a reader has to tell apart. */
static void mixed(struct cfs_buf *out)
{
	tar_extension(out, 'g', "9 x=abc\n\n", 9);
	tar_dir(out, "usr/", 0755);
	tar_file(out, "usr/empty", "");
	tar_file(out, "usr/small", "content of a small file");
	big_file(out, "usr/65", 65);
	tar_pax(out, "path", "usr/by-pax");
	big_file(out, "x", 512);
	cfs_buf_addz(out, 512);
	tar_extension(out, 'L', "usr/by-L", 9);
	big_file(out, "x", 64);
	tar_link(out, '2', "usr/link", "small");
	tar_entry(out, (struct tar_spec){ .name = "usr/d", .type = '5' },
		  pattern, 700);
	big_file(out, "usr/last", 1000);
	tar_end(out);
	cfs_buf_adds(out, "what follows the end");
}

static const char mixed_list[] =
	"1024 usr 40755 0  0\n"
	"1536 usr/empty 100644 0  0\n"
	"2048 usr/small 100644 23 content of a small file 0\n"
	"3072 usr/65 100600 65  1\n"
	"5120 usr/by-pax 100600 512  1\n";

TEST(every_byte_comes_back_in_order)
{
	static const size_t steps[] = { 0, 1, 7, 511, 512, 513, 4096 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen first = { 0 };

	mixed(&tar);
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &first), 0);
	CHECK(same(&first.joined, &tar));
	CHECK(first.entries == 9 && first.raw.len == tar.len - 65 - 512 - 1000);
	CHECK_MEM(cfs_buf_text(&first.list), mixed_list, strlen(mixed_list));
	for (size_t i = 0; i < CFS_ARRAY_SIZE(steps); i++) {
		for (enum how how = WHOLE; how <= NOT; how++) {
			AUTO_SEEN struct seen s = { 0 };
			int r;

			r = read_tar(cfs_buf_bytes(&tar), steps[i], how, 0, &s);
			CHECK_EQ(r, 0);
			CHECK(same(&s.list, &first.list));
			CHECK(same(&s.raw, &first.raw));
			CHECK(how > PIECES || same(&s.joined, &tar));
		}
	}
}

TEST(raw_bytes_alone_are_read_again_as_the_same_entries)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen first = { 0 };
	AUTO_SEEN struct seen split = { 0 };
	int r;

	mixed(&tar);
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &first), 0);
	r = read_tar(cfs_buf_bytes(&first.raw), 0, NOT, CFS_TAR_SPLIT, &split);
	CHECK_EQ(r, 0);
	CHECK(same(&split.list, &first.list) && same(&split.raw, &first.raw));
}

TEST(a_split_archive_may_say_of_a_content_what_it_likes)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	tar_header(&tar,
		   &(struct tar_spec){ .name = "a", .size = 077777777777 });
	cfs_buf_addz(&tar, 1);
	tar_file(&tar, "b", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, NOT, CFS_TAR_SPLIT, &s), 0);
	CHECK_STR(cfs_buf_text(&s.list), "0 a 100000 8589934591  1\n"
					 "8589935104 b 100644 0  0\n");
}

TEST(offsets_do_not_overflow)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		tar_pax(&tar, "size", "6148914691236517000");
		tar_file(&tar, "f", "");
		cfs_buf_addz(&tar, -6148914691236517000 & 511);
	}
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, NOT, CFS_TAR_SPLIT, &s),
		 -EFBIG);
	CHECK_EQ(s.entries, 1);
	tar.len = 0;
	tar_pax(&tar, "size", "9223372036854775807");
	tar_file(&tar, "f", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, NOT, CFS_TAR_SPLIT, &s),
		 -EFBIG);
}

TEST(nothing_at_all_is_an_empty_archive)
{
	AUTO_SEEN struct seen s = { 0 };
	const struct cfs_bytes nothing = { (const uint8_t *)"", 0 };

	CHECK_EQ(read_tar(nothing, 0, WHOLE, 0, &s), 0);
	CHECK_EQ(s.entries, 0);
}

TEST(an_archive_may_end_without_zero_blocks)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	tar_file(&tar, "a", "x");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), 0);
	CHECK(s.entries == 1 && same(&s.joined, &tar));
}

TEST(one_zero_block_does_not_end_an_archive)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	cfs_buf_addz(&tar, 512);
	tar_file(&tar, "a", "x");
	cfs_buf_addz(&tar, 512);
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(s.entries == 1 && strstr(err.msg, "block at offset 1536"));
	tar_file(&tar, "b", "x");
	tar_end(&tar);
	seen_free(&s);
	s = (struct seen){ 0 };
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), 0);
	CHECK(s.entries == 2 && same(&s.joined, &tar));
}

TEST(what_follows_the_end_is_kept_and_not_looked_at)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	tar_end(&tar);
	tar_file(&tar, "not-an-entry", "x");
	big_file(&tar, "nor-this", sizeof(pattern));
	cfs_buf_adds(&tar, "junk");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), 0);
	CHECK(s.entries == 0 && same(&s.raw, &tar));
}

TEST(an_extension_header_needs_its_entry)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	tar_pax(&tar, "path", "x");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(strstr(err.msg, "offset 1024") && strstr(err.msg, "no entry"));
	tar_end(&tar);
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	tar.len = 0;
	tar_pax(&tar, "path", "x");
	cfs_buf_addz(&tar, 512);
	tar_file(&tar, "y", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), 0);
	CHECK(strstr(cfs_buf_text(&s.list), " x 100644"));
}

TEST(a_global_header_belongs_to_no_entry)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	/* It has no effect, whatever it says. */
	tar_extension(&tar, 'g', "10 path=g\n", 10);
	tar_file(&tar, "a", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), 0);
	CHECK_STR(cfs_buf_text(&s.list), "1024 a 100644 0  0\n");
	tar.len = 0;
	tar_pax(&tar, "path", "x");
	tar_extension(&tar, 'g', "10 path=g\n", 10);
	tar_file(&tar, "a", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(strstr(err.msg, "global header at offset 1024"));
}

TEST(errors_say_where)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };

	tar_file(&tar, "a", "");
	tar_file(&tar, "b/../c", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(strstr(err.msg, "entry 'b/../c' at offset 512: "));
	tar.data[512] ^= 1;
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(strstr(err.msg, "header at offset 512: wrong checksum"));
	tar.len = 512;
	tar_pax(&tar, "uid", "x");
	tar_file(&tar, "c", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(strstr(err.msg, "entry 'c' at offset 1536: PAX record 'uid'"));
	tar.len = 512;
	tar_header(&tar, &(struct tar_spec){
				 .name = "n", .type = 'x', .size = 2 << 20 });
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -E2BIG);
	CHECK(strstr(err.msg, "offset 512"));
}

TEST(a_sparse_file_is_an_entry_with_a_map)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen s = { 0 };
	struct tar_spec spec = {
		.name = "s",
		.type = 'S',
		.magic = "ustar  \0",
		.size = 21,
		.patch_at = 482,
		.patch = "\1"
			 "00000000400",
		.patch_len = 12,
	};
	uint8_t block[512] = { 0 };

	/* No piece in the header, 21 in the block behind it. */
	for (unsigned i = 0; i < 21; i++) {
		tar_number(block, 24 * i, 12, 2 * i);
		tar_number(block, 24 * i + 12, 12, 1);
	}
	tar_header(&tar, &spec);
	cfs_buf_add(&tar, block, 512);
	tar_data(&tar, "abcdefghijklmnopqrstu", 21);
	tar_file(&tar, "next", "");
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), 0);
	CHECK(s.entries == 2 && same(&s.raw, &tar));
	CHECK(strstr(cfs_buf_text(&s.list),
		     "0 s 100000 21 abcdefghijklmnopqrstu 0\n1536 next"));
	/* A map that does not fit the content. */
	tar.data[512] = '7';
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(strstr(err.msg, "entry 's' at offset 0: the map"));
	tar.len = 600;
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s), -EINVAL);
	CHECK(strstr(err.msg, "cut short"));
}

TEST(large_contents_come_straight_from_the_source)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
	struct slow slow = { .longest = 0 };
	const struct cfs_source source = { read_slow, &slow };
	const struct cfs_tar_entry *e;
	static uint8_t got[sizeof(pattern)];

	big_file(&tar, "f", sizeof(pattern));
	tar_file(&tar, "next", "x");
	slow.rest = cfs_buf_bytes(&tar);
	CHECK_EQ(cfs_tar_new(&source, NULL, 0, &t, &err), 0);
	CHECK_EQ(cfs_tar_next(t, &e, &err), 1);
	CHECK_EQ(cfs_tar_read(t, got, sizeof(got), &err), sizeof(got));
	CHECK_MEM(got, pattern, sizeof(got));
	CHECK_EQ(slow.reads, 2);
	CHECK_EQ(slow.longest, sizeof(pattern) - (CFS_TAR_BUFFER - 512));
	CHECK_EQ(cfs_tar_read(t, got, 1, &err), 0);
	CHECK(cfs_tar_next(t, &e, &err) == 1 && e->path.len == 4);
	CHECK_EQ(cfs_tar_next(t, &e, &err), 0);
}

TEST(content_is_a_source_too)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
	struct cfs_bytes rest;
	const struct cfs_source source = cfs_source_of_bytes(&rest);
	const struct cfs_tar_entry *e;
	struct cfs_source content;

	big_file(&tar, "f", 70000);
	rest = cfs_buf_bytes(&tar);
	CHECK_EQ(cfs_tar_new(&source, NULL, 0, &t, &err), 0);
	CHECK_EQ(cfs_tar_next(t, &e, &err), 1);
	content = cfs_tar_content(t);
	CHECK_EQ(cfs_source_all(&content, 100000, &got, &err), 0);
	CHECK_EQ(got.len, 70000);
	CHECK_MEM(got.data, pattern, got.len);
}

static ssize_t read_broken(void *ctx, void *data, size_t len, struct cfs_err *e)
{
	ssize_t n = read_slow(ctx, data, len, e);

	return n > 0 ? n : cfs_fail(e, EIO, "the disk is gone");
}

static int broken_sink(void *ctx, const void *data, size_t len,
		       struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, ENOSPC, "full");
}

TEST(failures_of_source_and_sink_are_passed_on)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct slow slow = { .longest = 0 };
	const struct cfs_source broken = { read_broken, &slow };
	const struct cfs_source source = { read_slow, &slow };
	const struct cfs_sink sink = { broken_sink, NULL };
	const struct cfs_tar_entry *e;
	uint8_t data[200];

	big_file(&tar, "f", 200);
	for (size_t len = 0; len < 700; len += 100) {
		CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
		int r;

		slow.rest = (struct cfs_bytes){ tar.data, len };
		CHECK_EQ(cfs_tar_new(&broken, NULL, 0, &t, &err), 0);
		r = cfs_tar_next(t, &e, &err);
		if (len >= 512)
			r = (int)cfs_tar_read(t, data, 200, &err);
		CHECK(r == -EIO && strstr(err.msg, "the disk is gone"));
	}
	for (unsigned how = 0; how < 2; how++) {
		CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;

		slow.rest = (struct cfs_bytes){ tar.data, how ? tar.len : 0 };
		CHECK_EQ(cfs_tar_new(&source, &sink, 0, &t, &err), 0);
		CHECK_EQ(cfs_tar_next(t, &e, &err), (how ? -ENOSPC : 0));
	}
}

/* Is there an entry at @at?  The first one is at 1024. */
static bool is_boundary(const struct seen *whole, size_t at)
{
	char want[32];

	snprintf(want, sizeof(want), "\n%zu ", at);
	return at == 1024 || strstr((char *)whole->list.data, want);
}

TEST(an_archive_cut_short_anywhere_is_refused_in_words)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	AUTO_SEEN struct seen whole = { 0 };
	size_t end;

	mixed(&tar);
	CHECK_EQ(read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &whole), 0);
	CHECK(cfs_buf_text(&whole.list));
	end = tar.len - strlen("what follows the end");
	for (size_t len = 0; len < tar.len; len++) {
		AUTO_SEEN struct seen s = { 0 };
		int r;

		err.msg[0] = '\0';
		r = read_tar((struct cfs_bytes){ tar.data, len }, 0, WHOLE, 0,
			     &s);
		CHECK(s.list.len == 0 ||
		      memcmp(s.list.data, whole.list.data, s.list.len) == 0);
		if (r == 0) {
			CHECK_EQ(s.joined.len, len);
			/* Before an entry, its extension header or zeros. */
			CHECK(len >= end || is_boundary(&whole, len) ||
			      memcmp(tar.data + len, "ext", 3) == 0 ||
			      cfs_tar_block_is_zero(tar.data + len));
			CHECK(len > end || len % 512 == 0);
		} else {
			CHECK(r == -EINVAL && strstr(err.msg, "offset"));
			CHECK((strstr(err.msg, "cut short") ||
			       strstr(err.msg, "ends at offset")));
		}
	}
}

TEST(a_flipped_bit_anywhere_does_no_harm)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	mixed(&tar);
	for (size_t at = 0; at < tar.len; at++) {
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			AUTO_SEEN struct seen s = { 0 };
			int r;

			err.msg[0] = '\0';
			tar.data[at] ^= (uint8_t)bit;
			r = read_tar(cfs_buf_bytes(&tar), 0, WHOLE, 0, &s);
			CHECK(r == 0 ? same(&s.joined, &tar) : err.msg[0] != 0);
			tar.data[at] ^= (uint8_t)bit;
		}
	}
}

/* The same blocks again and again. */
struct endless {
	struct cfs_buf blocks;
	size_t at;
};

static ssize_t read_endless(void *ctx, void *data, size_t len,
			    struct cfs_err *e)
{
	struct endless *s = ctx;
	size_t done = 0;

	(void)e;
	while (done < len) {
		size_t n = s->blocks.len - s->at;

		if (n > len - done)
			n = len - done;
		memcpy((uint8_t *)data + done, s->blocks.data + s->at, n);
		s->at = (s->at + n) % s->blocks.len;
		done += n;
	}
	return (ssize_t)done;
}

/* Reads until it is refused; returns how many entries there were. */
static unsigned count_entries(struct endless *endless, int code)
{
	CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
	const struct cfs_source source = { read_endless, endless };
	const struct cfs_tar_entry *e;
	unsigned n = 0;
	int r;

	CHECK_EQ(cfs_tar_new(&source, NULL, 0, &t, &err), 0);
	while ((r = cfs_tar_next(t, &e, &err)) > 0)
		n++;
	CHECK_EQ(r, code);
	cfs_buf_free(&endless->blocks);
	return n;
}

TEST(entries_have_a_limit)
{
	struct endless endless = { .at = 0 };

	tar_file(&endless.blocks, "f", "");
	CHECK_EQ(count_entries(&endless, -ENFILE), CFS_TAR_ENTRIES_MAX);
}

TEST(extension_headers_have_a_limit_in_an_archive)
{
	struct endless endless = { .at = 0 };
	static char comment[CFS_TAR_EXTENSION_MAX];
	CFS_AUTOBUF struct cfs_buf record = { 0 };

	tar_record(&record, "comment", comment, sizeof(comment) - 17);
	CHECK_EQ(record.len, CFS_TAR_EXTENSION_MAX);
	tar_extension(&endless.blocks, 'x', record.data, record.len);
	tar_file(&endless.blocks, "f", "");
	CHECK_EQ(count_entries(&endless, -E2BIG), 1024);
	CHECK(strstr(err.msg, "in one archive"));
}
