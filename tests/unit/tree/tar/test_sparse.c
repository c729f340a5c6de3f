/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/sparse.h"

#include "tests/tarball.h"
#include "tests/test.h"
#include "tree/tar/merge.h"
#include "tree/tar/reader.h"

static struct cfs_err err;

static int record(struct cfs_tar_sparse *s, const char *key, const char *value)
{
	const struct cfs_pax_record rec = {
		{ (const uint8_t *)key, strlen(key) },
		{ (const uint8_t *)value, strlen(value) },
	};

	return cfs_tar_sparse_record(s, &rec, &err);
}

static void put(struct cfs_tar_sparse *s, const char *key, const char *value)
{
	CHECK_EQ(record(s, key, value), 0);
}

/* What @s makes of the @len bytes of @content, read @step at a time. */
static int expand(const struct cfs_tar_sparse *s, const char *content,
		  size_t len, size_t step, struct cfs_buf *ret)
{
	struct cfs_bytes rest = { (const uint8_t *)content, len };
	const struct cfs_source from = cfs_source_of_bytes(&rest);
	struct cfs_tar_expand x;
	struct cfs_source source;
	uint8_t piece[4096];
	ssize_t n;
	int r = cfs_tar_expand_init(&x, s, len, &from, &err);

	if (r < 0)
		return r;
	source = cfs_tar_expand_source(&x);
	while ((n = cfs_source_read(&source, piece, step, &err)) > 0)
		cfs_buf_add(ret, piece, (size_t)n);
	if (n == 0)
		CHECK_EQ(cfs_source_read(&source, piece, 1, &err), 0);
	cfs_tar_expand_free(&x);
	return (int)n;
}

static void expands_to(const struct cfs_tar_sparse *s, const char *content,
		       size_t len, const char *want, size_t want_len)
{
	for (size_t step = 1; step < 600; step += 13) {
		CFS_AUTOBUF struct cfs_buf got = { 0 };

		CHECK_EQ(expand(s, content, len, step, &got), 0);
		CHECK_EQ(got.len, want_len);
		CHECK(want_len == 0 || memcmp(got.data, want, want_len) == 0);
	}
}

TEST(a_map_of_pax_0_0_is_expanded)
{
	struct cfs_tar_sparse s = { 0 };

	put(&s, "GNU.sparse.size", "12");
	put(&s, "GNU.sparse.numblocks", "3");
	put(&s, "GNU.sparse.offset", "2");
	put(&s, "GNU.sparse.numbytes", "3");
	put(&s, "GNU.sparse.offset", "7");
	put(&s, "GNU.sparse.numbytes", "1");
	put(&s, "GNU.sparse.offset", "12");
	put(&s, "GNU.sparse.numbytes", "0");
	CHECK_EQ(cfs_tar_sparse_check(&s, 4, &err), 0);
	expands_to(&s, "abcd", 4, "\0\0abc\0\0d\0\0\0\0", 12);
	cfs_tar_sparse_free(&s);
}

TEST(a_map_of_pax_0_1_is_expanded)
{
	struct cfs_tar_sparse s = { 0 };

	put(&s, "GNU.sparse.map", "0,2,4,1");
	put(&s, "GNU.sparse.size", "5");
	put(&s, "GNU.sparse.name", "usr/f");
	CHECK_EQ(cfs_tar_sparse_check(&s, 3, &err), 0);
	CHECK_EQ(s.name.len, 5);
	expands_to(&s, "abc", 3, "ab\0\0c", 5);
	cfs_tar_sparse_free(&s);
}

TEST(a_file_may_be_one_hole_or_nothing)
{
	struct cfs_tar_sparse s = { 0 };

	put(&s, "GNU.sparse.map", "");
	put(&s, "GNU.sparse.size", "3");
	CHECK_EQ(cfs_tar_sparse_check(&s, 0, &err), 0);
	expands_to(&s, "", 0, "\0\0\0", 3);
	put(&s, "GNU.sparse.size", "0");
	CHECK_EQ(cfs_tar_sparse_check(&s, 0, &err), 0);
	expands_to(&s, "", 0, "", 0);
	cfs_tar_sparse_free(&s);
}

/* A map of PAX 1.0 and what follows it. */
static void with_map(struct cfs_buf *out, const char *map, const char *data)
{
	out->len = 0;
	cfs_buf_adds(out, map);
	cfs_buf_addz(out, -out->len & 511);
	cfs_buf_adds(out, data);
}

static void begin_1_0(struct cfs_tar_sparse *s, const char *size)
{
	cfs_tar_sparse_reset(s);
	put(s, "GNU.sparse.major", "1");
	put(s, "GNU.sparse.minor", "0");
	put(s, "GNU.sparse.realsize", size);
	put(s, "GNU.sparse.name", "f");
}

TEST(a_map_of_pax_1_0_stands_in_the_content)
{
	CFS_AUTOBUF struct cfs_buf c = { 0 };
	struct cfs_tar_sparse s = { 0 };

	begin_1_0(&s, "6");
	with_map(&c, "2\n1\n2\n5\n1\n", "abc");
	CHECK_EQ(cfs_tar_sparse_check(&s, c.len, &err), 0);
	CHECK(s.map_in_content);
	expands_to(&s, (char *)c.data, c.len, "\0ab\0\0c", 6);
	cfs_tar_sparse_free(&s);
}

TEST(a_map_in_the_content_may_be_longer_than_a_block)
{
	CFS_AUTOBUF struct cfs_buf c = { 0 };
	CFS_AUTOBUF struct cfs_buf data = { 0 };
	CFS_AUTOBUF struct cfs_buf want = { 0 };
	struct cfs_tar_sparse s = { 0 };

	begin_1_0(&s, "2000");
	cfs_buf_adds(&c, "1000\n");
	for (unsigned i = 0; i < 1000; i++) {
		cfs_buf_addf(&c, "%u\n1\n", 2 * i);
		cfs_buf_addc(&data, 'x');
		cfs_buf_add(&want, "x", 2);
	}
	cfs_buf_addz(&c, -c.len & 511);
	CHECK(c.len > 5000);
	cfs_buf_add(&c, data.data, data.len);
	CHECK_EQ(cfs_tar_sparse_check(&s, c.len, &err), 0);
	expands_to(&s, (char *)c.data, c.len, (char *)want.data, want.len);
	cfs_tar_sparse_free(&s);
}

TEST(a_map_in_the_content_that_is_wrong_is_refused)
{
	static const char *const bad[] = {
		"",
		"x\n",
		"2\n1\n2\n",
		"1\n1\n4\n",
		"1\n1\n2\n",
		"1\n4\n3\n",
		"2\n0\n2\n1\n1\n",
		"-1\n",
		"\n",
		"1\n 1\n3\n",
		"18446744073709551616\n",
		"1\n000000000000000000001\n3\n",
		"9999999\n",
	};
	struct cfs_tar_sparse s = { 0 };

	begin_1_0(&s, "6");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CFS_AUTOBUF struct cfs_buf c = { 0 };
		CFS_AUTOBUF struct cfs_buf got = { 0 };

		with_map(&c, bad[i], "abc");
		CHECK_EQ(cfs_tar_sparse_check(&s, c.len, &err), 0);
		CHECK(expand(&s, (char *)c.data, c.len, 100, &got) < 0);
		CHECK_EQ(got.len, 0);
	}
	cfs_tar_sparse_free(&s);
}

TEST(content_that_ends_early_is_an_error)
{
	struct cfs_tar_sparse s = { 0 };
	struct cfs_bytes rest = { (const uint8_t *)"ab", 2 };
	const struct cfs_source from = cfs_source_of_bytes(&rest);
	struct cfs_tar_expand x;
	struct cfs_source source;
	uint8_t piece[9];

	put(&s, "GNU.sparse.map", "1,3");
	put(&s, "GNU.sparse.size", "9");
	CHECK_EQ(cfs_tar_sparse_check(&s, 3, &err), 0);
	CHECK_EQ(cfs_tar_expand_init(&x, &s, 3, &from, &err), 0);
	source = cfs_tar_expand_source(&x);
	CHECK_EQ(cfs_source_full(&source, piece, 9, &err), -EINVAL);
	CHECK(strstr(err.msg, "too early"));
	cfs_tar_expand_free(&x);
	cfs_tar_sparse_free(&s);
}

/* An old GNU header, or a block behind one, with pieces of one byte at 10 *
 * (@first + i). */
static void gnu_block(uint8_t *block, bool head, unsigned first, unsigned n,
		      bool more)
{
	uint8_t *p = block + (head ? 386 : 0);

	memset(block, 0, 512);
	for (unsigned i = 0; i < n; i++, p += 24) {
		tar_number(p, 0, 12, 10 * (first + i));
		tar_number(p, 12, 12, 1);
	}
	block[head ? 482 : 504] = more;
	if (head)
		tar_number(block, 483, 12, 300);
}

TEST(a_map_of_old_gnu_tar_goes_on_in_blocks)
{
	CFS_AUTOBUF struct cfs_buf want = { 0 };
	struct cfs_tar_sparse s = { 0 };
	uint8_t block[512];

	gnu_block(block, true, 0, 4, true);
	CHECK_EQ(cfs_tar_sparse_header(&s, block, &err), 1);
	gnu_block(block, false, 4, 21, true);
	CHECK_EQ(cfs_tar_sparse_block(&s, block, &err), 1);
	gnu_block(block, false, 25, 2, false);
	CHECK_EQ(cfs_tar_sparse_block(&s, block, &err), 0);
	CHECK_EQ(cfs_tar_sparse_check(&s, 27, &err), 0);
	for (unsigned i = 0; i < 30; i++) {
		cfs_buf_addc(&want, i < 27 ? 'x' : 0);
		cfs_buf_addz(&want, 9);
	}
	expands_to(&s, "xxxxxxxxxxxxxxxxxxxxxxxxxxx", 27, (char *)want.data,
		   300);
	cfs_tar_sparse_free(&s);
}

TEST(all_holes_together_have_a_maximum)
{
	struct cfs_tar_sparse s = { .size = CFS_TAR_SPARSE_MAX / 2 + 3 };
	uint64_t sum = 0;

	CHECK_EQ(cfs_tar_sparse_count(&s, s.size, &sum, &err), 0);
	/* A map in the content may be longer than the file. */
	CHECK_EQ(cfs_tar_sparse_count(&s, s.size + 512, &sum, &err), 0);
	CHECK_EQ(sum, 0);
	CHECK_EQ(cfs_tar_sparse_count(&s, 3, &sum, &err), 0);
	CHECK_EQ(cfs_tar_sparse_count(&s, 3, &sum, &err), 0);
	CHECK_EQ(sum, CFS_TAR_SPARSE_MAX);
	CHECK_EQ(cfs_tar_sparse_count(&s, s.size - 1, &sum, &err), -EFBIG);
}

/* A file of @size bytes without any data. */
static void hole(struct cfs_buf *tar, const char *name, uint64_t size)
{
	char patch[14];

	snprintf(patch, sizeof(patch), "%c%012llo", 0,
		 (unsigned long long)size);
	tar_header(tar, &(struct tar_spec){ .name = name,
					    .type = 'S',
					    .magic = "ustar  \0",
					    .patch_at = 482,
					    .patch = patch,
					    .patch_len = 13 });
}

/* Returns how many entries are read before the end or a fault. */
static int count_entries(const struct cfs_buf *tar)
{
	struct cfs_bytes rest = cfs_buf_bytes(tar);
	const struct cfs_source source = cfs_source_of_bytes(&rest);
	CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
	const struct cfs_tar_entry *e;
	int n = 0;

	err = (struct cfs_err){ 0 };
	CHECK_EQ(cfs_tar_new(&source, NULL, 0, &t, &err), 0);
	while (cfs_tar_next(t, &e, &err) > 0)
		n++;
	return n;
}

TEST(a_reader_counts_the_holes_of_its_archive)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	hole(&tar, "a", CFS_TAR_SPARSE_MAX / 2);
	hole(&tar, "b", CFS_TAR_SPARSE_MAX / 2);
	CHECK_EQ(count_entries(&tar), 2);
	CHECK_EQ(err.code, 0);
	hole(&tar, "c", 1);
	CHECK_EQ(count_entries(&tar), 2);
	CHECK_EQ(err.code, EFBIG);
	CHECK(strstr(err.msg, "entry 'c' at offset 1024: the holes of"));
}

/* As a layer has it that is in the image many times. */
TEST(layers_count_the_holes_of_their_image)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *m = NULL;
	struct cfs_tar_sparse sparse = { .size = CFS_TAR_SPARSE_MAX / 2 };
	const struct cfs_tar_entry e = {
		.path = { (const uint8_t *)"f", 1 },
		.mode = S_IFREG | 0644,
		.sparse = &sparse,
	};
	struct cfs_node *node;

	CHECK_EQ(cfs_layers_new(0, &m, &err), 0);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(cfs_layers_begin(m, &err), 0);
		CHECK_EQ(cfs_layers_add(m, &e, &node, &err),
			 i < 2 ? 0 : -EFBIG);
	}
}

TEST(numbers_of_old_gnu_tar_that_are_none_are_refused)
{
	static const size_t at[] = { 386, 398, 483 };
	static const char *const with[] = { "x", "\xff" };
	struct cfs_tar_sparse s = { 0 };
	uint8_t block[512];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(at); i++) {
		for (size_t k = 0; k < CFS_ARRAY_SIZE(with); k++) {
			gnu_block(block, true, 0, 1, false);
			memset(block + at[i], with[k][0], 12);
			CHECK_EQ(cfs_tar_sparse_header(&s, block, &err),
				 -EINVAL);
			cfs_tar_sparse_reset(&s);
		}
	}
	cfs_tar_sparse_free(&s);
}

TEST(pieces_out_of_order_or_beyond_the_end_are_refused)
{
	static const char *const bad[] = { "4,2,0,1", "0,3,2,1",
					   "8,3",     "11,0",
					   "10,1",    "9223372036854775807,1" };
	struct cfs_tar_sparse s = { 0 };

	put(&s, "GNU.sparse.size", "10");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		put(&s, "GNU.sparse.map", bad[i]);
		CHECK_EQ(cfs_tar_sparse_check(&s, 3, &err), -EINVAL);
		CHECK(strstr(err.msg, "out of order"));
	}
	put(&s, "GNU.sparse.map", "0,2");
	CHECK_EQ(cfs_tar_sparse_check(&s, 3, &err), -EINVAL);
	CHECK(strstr(err.msg, "its map says 2"));
	cfs_tar_sparse_free(&s);
}

TEST(lists_that_are_malformed_are_refused)
{
	static const char *const bad[] = { ",",	   "1",	    "1,",
					   "1,2,", "1,2,3", "1,,2",
					   ",1,2", "1, 2",  "a,b" };
	struct cfs_tar_sparse s = { 0 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(record(&s, "GNU.sparse.map", bad[i]), -EINVAL);
	cfs_tar_sparse_free(&s);
}

TEST(what_is_said_must_be_complete)
{
	static const struct {
		const char *key[3], *value[3];
	} bad[] = {
		{ { "GNU.sparse.name" }, { "x" } },
		{ { "GNU.sparse.size" }, { "0" } },
		{ { "GNU.sparse.map" }, { "" } },
		{ { "GNU.sparse.size", "GNU.sparse.offset" }, { "1", "0" } },
		{ { "GNU.sparse.major" }, { "1" } },
		{ { "GNU.sparse.major", "GNU.sparse.size", "GNU.sparse.map" },
		  { "1", "0", "" } },
		{ { "GNU.sparse.major", "GNU.sparse.size" }, { "2", "0" } },
		{ { "GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.size" },
		  { "1", "1", "0" } },
	};
	struct cfs_tar_sparse s = { 0 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		cfs_tar_sparse_reset(&s);
		for (size_t k = 0; k < 3 && bad[i].key[k]; k++)
			put(&s, bad[i].key[k], bad[i].value[k]);
		CHECK_EQ(cfs_tar_sparse_check(&s, 0, &err), -EINVAL);
	}
	cfs_tar_sparse_reset(&s);
	CHECK_EQ(record(&s, "GNU.sparse.numbytes", "1"), -EINVAL);
	cfs_tar_sparse_free(&s);
}

TEST(a_bomb_is_refused)
{
	struct cfs_tar_sparse s = { 0 };

	put(&s, "GNU.sparse.map", "");
	put(&s, "GNU.sparse.size", "68719476737");
	CHECK_EQ(cfs_tar_sparse_check(&s, 0, &err), -EFBIG);
	put(&s, "GNU.sparse.size", "68719476736");
	CHECK_EQ(cfs_tar_sparse_check(&s, 0, &err), 0);
	cfs_tar_sparse_free(&s);
}

TEST(maps_have_a_longest)
{
	struct cfs_tar_sparse s = { 0 };
	unsigned n = 0;
	int r = 0;

	while (r == 0) {
		put(&s, "GNU.sparse.offset", "0");
		r = record(&s, "GNU.sparse.numbytes", "0");
		n += r == 0;
	}
	CHECK_EQ(r, -E2BIG);
	CHECK_EQ(n, CFS_TAR_PIECES_MAX);
	cfs_tar_sparse_free(&s);
}
