/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/response.h"

#include "tests/test.h"

static void add(struct cfs_http_response *r, const char *line)
{
	cfs_http_response_line(
		r, (struct cfs_bytes){ (const uint8_t *)line, strlen(line) });
}

static struct cfs_http_response one(const char *line)
{
	struct cfs_http_response r = { 0 };

	add(&r, line);
	return r;
}

TEST(a_range_is_read)
{
	struct cfs_http_response r = one("Content-Range: bytes 5-9/20\r\n");

	CHECK_EQ(r.range, CFS_HTTP_RANGE);
	CHECK_EQ(r.first, 5);
	CHECK_EQ(r.last, 9);
	CHECK_EQ(r.total, 20);
	r = one("content-range:BYTES  0-0/*");
	CHECK_EQ(r.range, CFS_HTTP_RANGE);
	CHECK_EQ(r.first, 0);
	CHECK_EQ(r.last, 0);
	CHECK_EQ(r.total, UINT64_MAX);
}

TEST(a_wrong_range_is_none)
{
	static const char *const lines[] = {
		"Content-Range: bytes 9-5/20",
		"Content-Range: bytes 5-20/20",
		"Content-Range: bytes */20",
		"Content-Range: bytes 5-/20",
		"Content-Range: bytes -5/20",
		"Content-Range: bytes 5-9",
		"Content-Range: bytes 5-9/",
		"Content-Range: bytes 5-9/20 x",
		"Content-Range: bytes 5 -9/20",
		"Content-Range: bytes +5-9/20",
		"Content-Range: lines 5-9/20",
		"Content-Range: 5-9/20",
		"Content-Range: bytes 5-99999999999999999999/*",
		"Content-Range: bytes 0-1/18446744073709551616",
		"Content-Range:",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lines); i++)
		CHECK_EQ(one(lines[i]).range, CFS_HTTP_RANGE_WRONG);
}

TEST(two_ranges_are_wrong)
{
	struct cfs_http_response r = one("Content-Range: bytes 5-9/20");

	add(&r, "Content-Range: bytes 5-9/20");
	CHECK_EQ(r.range, CFS_HTTP_RANGE_WRONG);
	add(&r, "Content-Range: bytes 5-9/20");
	CHECK_EQ(r.range, CFS_HTTP_RANGE_WRONG);
}

TEST(other_lines_say_nothing)
{
	static const char *const lines[] = {
		"Content-Ranges: bytes 5-9/20",
		"Content-Range",
		"X-Content-Range: bytes 5-9/20",
		"",
		"\r\n",
		":",
		"Content-Encoding",
		"Content-Encoding: identity\r\n",
		"Content-Length: 5",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lines); i++) {
		CHECK_EQ(one(lines[i]).range, CFS_HTTP_NO_RANGE);
		CHECK(!one(lines[i]).encoded);
	}
}

TEST(an_encoding_is_seen)
{
	CHECK(one("Content-Encoding: gzip\r\n").encoded);
	CHECK(one("content-encoding:zstd").encoded);
}

TEST(another_response_starts_anew)
{
	struct cfs_http_response r = one("Content-Range: bytes 5-9/20");

	add(&r, "Content-Encoding: gzip");
	add(&r, "HTTP/1.1 200 OK\r\n");
	CHECK_EQ(r.range, CFS_HTTP_NO_RANGE);
	CHECK(!r.encoded);
	add(&r, "Content-Range: bytes 0-0/1");
	CHECK_EQ(r.range, CFS_HTTP_RANGE);
}
