/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/body.h"

#include "base/buf.h"
#include "tests/test.h"

static struct cfs_err err;

/* A get that keeps what it is given; each callback returns the member of its
 * name. */
struct keeper {
	struct cfs_buf buf;
	unsigned begins, ends;
	int begin, bytes, end;
};

static int on_begin(void *arg, struct cfs_err *e)
{
	struct keeper *k = arg;

	k->begins++;
	cfs_buf_free(&k->buf);
	return k->begin < 0 ? cfs_fail(e, -k->begin, "begin") : 0;
}

static int on_bytes(void *arg, struct cfs_bytes bytes, struct cfs_err *e)
{
	struct keeper *k = arg;

	CHECK(bytes.len > 0);
	cfs_buf_add(&k->buf, bytes.data, bytes.len);
	return k->bytes < 0 ? cfs_fail(e, -k->bytes, "bytes") : 0;
}

static int on_end(void *arg, struct cfs_err *e)
{
	struct keeper *k = arg;

	k->ends++;
	return k->end < 0 ? cfs_fail(e, -k->end, "end") : 0;
}

static struct cfs_http_get get_of(struct keeper *k, uint64_t offset,
				  uint64_t length, uint64_t max)
{
	return (struct cfs_http_get){
		.path = "x",
		.offset = offset,
		.length = length,
		.max = max,
		.begin = on_begin,
		.bytes = on_bytes,
		.end = on_end,
		.arg = k,
	};
}

static int add(struct cfs_http_body *body, const char *text)
{
	return cfs_http_body_add(
		body, (struct cfs_bytes){ (const uint8_t *)text, strlen(text) },
		&err);
}

static struct cfs_http_response range(uint64_t first, uint64_t last,
				      uint64_t total)
{
	return (struct cfs_http_response){
		.range = CFS_HTTP_RANGE,
		.first = first,
		.last = last,
		.total = total,
	};
}

static int start(struct cfs_http_body *body, unsigned status,
		 struct cfs_http_response response)
{
	return cfs_http_body_start(body, status, &response, &err);
}

/* Asks for @text, or for no range if that is NULL. */
static void check_request(struct cfs_http_body *body, const char *text)
{
	char got[CFS_HTTP_RANGE_TEXT] = "";

	CHECK_EQ(cfs_http_body_request(body, got), text != NULL);
	CHECK_STR(got, text ? text : "");
}

static void check_has(struct keeper *k, const char *text)
{
	CHECK_STR(cfs_buf_text(&k->buf), text);
	cfs_buf_free(&k->buf);
}

static const struct cfs_http_response none;

TEST(a_whole_file_is_passed_on)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 10);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, NULL);
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(k.begins, 1);
	CHECK_EQ(add(&body, "01234"), 0);
	CHECK_EQ(add(&body, "56789"), 0);
	CHECK_EQ(k.ends, 0);
	CHECK_EQ(cfs_http_body_end(&body, &err), 0);
	CHECK_EQ(k.ends, 1);
	check_has(&k, "0123456789");
}

TEST(an_empty_file_begins_and_ends)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 0);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, NULL);
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(cfs_http_body_end(&body, &err), 0);
	CHECK_EQ(k.begins, 1);
	CHECK_EQ(k.ends, 1);
}

TEST(a_byte_too_many_is_refused)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 3);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, NULL);
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(add(&body, "abc"), 0);
	CHECK_EQ(add(&body, "d"), -EBADMSG);
	CHECK(strstr(err.msg, "more than the expected 3 bytes"));
	check_has(&k, "abc");
}

TEST(a_file_goes_on_where_it_stopped)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 100);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, NULL);
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(add(&body, "abc"), 0);
	check_request(&body, "3-");
	CHECK_EQ(start(&body, 206, range(3, 5, 6)), 0);
	CHECK_EQ(add(&body, "def"), 0);
	check_request(&body, "6-");
	CHECK_EQ(start(&body, 206, range(6, 8, UINT64_MAX)), 0);
	CHECK_EQ(add(&body, "ghi"), 0);
	CHECK_EQ(cfs_http_body_end(&body, &err), 0);
	CHECK_EQ(k.begins, 1);
	check_has(&k, "abcdefghi");
}

TEST(a_server_without_ranges_is_read_up_to_where_it_stopped)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 100);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, NULL);
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(add(&body, "abcde"), 0);
	check_request(&body, "5-");
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(add(&body, "abc"), 0);
	CHECK_EQ(add(&body, "de"), 0);
	CHECK_EQ(add(&body, "f"), 0);
	CHECK_EQ(k.begins, 1);
	check_has(&k, "abcdef");
}

TEST(far_behind_it_the_file_begins_again)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, UINT64_MAX);
	struct cfs_http_body body = { .get = &get, .begun = true };

	body.have = CFS_HTTP_SKIP + 1;
	check_request(&body, "1048577-");
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(k.begins, 1);
	CHECK_EQ(add(&body, "abc"), 0);
	CHECK_EQ(body.have, 3);
	check_has(&k, "abc");
}

TEST(a_part_is_asked_for)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 10, 5, 0);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, "10-14");
	CHECK_EQ(start(&body, 206, range(10, 14, 20)), 0);
	CHECK_EQ(add(&body, "ab"), 0);
	check_request(&body, "12-14");
	CHECK_EQ(start(&body, 206, range(12, 14, UINT64_MAX)), 0);
	CHECK_EQ(add(&body, "cd"), 0);
	CHECK_EQ(add(&body, "e"), 1);
	CHECK_EQ(cfs_http_body_end(&body, &err), 0);
	CHECK_EQ(k.begins, 1);
	check_has(&k, "abcde");
}

TEST(of_a_whole_file_only_the_part_is_passed_on)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 3, 3, 0);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, "3-5");
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(add(&body, "ab"), 0);
	CHECK_EQ(add(&body, "cdefgh"), 1);
	CHECK_EQ(add(&body, "ij"), 1);
	CHECK_EQ(cfs_http_body_end(&body, &err), 0);
	check_has(&k, "def");
}

TEST(a_part_far_behind_needs_a_server_with_ranges)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, CFS_HTTP_SKIP + 1, 3, 0);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, "1048577-1048579");
	CHECK_EQ(start(&body, 200, none), -EREMOTEIO);
	CHECK(strstr(err.msg, "does not serve ranges"));
	CHECK_EQ(k.begins, 0);
	get.offset = CFS_HTTP_SKIP;
	check_request(&body, "1048576-1048578");
	CHECK_EQ(start(&body, 200, none), 0);
}

TEST(another_range_is_refused)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 10, 5, 0);
	struct cfs_http_body body = { .get = &get };
	const struct cfs_http_response wrong = {
		.range = CFS_HTTP_RANGE_WRONG,
		.first = 10,
		.last = 14,
		.total = 20,
	};

	check_request(&body, "10-14");
	CHECK_EQ(start(&body, 206, range(9, 13, 20)), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, range(11, 14, 20)), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, range(10, 15, 20)), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, range(10, 13, 20)), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, range(10, 13, UINT64_MAX)), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, none), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, wrong), -EREMOTEIO);
	CHECK_EQ(k.begins, 0);
}

TEST(a_rest_goes_up_to_the_end)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 100);
	struct cfs_http_body body = { .get = &get, .begun = true, .have = 5 };

	check_request(&body, "5-");
	CHECK_EQ(start(&body, 206, range(5, 8, 10)), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, range(4, 9, 10)), -EREMOTEIO);
	CHECK_EQ(start(&body, 206, range(5, 9, 10)), 0);
}

TEST(a_range_that_was_not_asked_for_is_refused)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 100);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, NULL);
	CHECK_EQ(start(&body, 206, range(0, 9, 10)), -EREMOTEIO);
}

TEST(a_file_that_is_too_short_for_its_part_is_wrong)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 10, 5, 0);
	struct cfs_http_body body = { .get = &get };

	check_request(&body, "10-14");
	CHECK_EQ(start(&body, 206, range(10, 12, 13)), -EBADMSG);
	CHECK(strstr(err.msg, "ends before byte 15"));
	CHECK_EQ(cfs_http_body_no_range(&body, &err), -EBADMSG);
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(add(&body, "0123456789ab"), 0);
	CHECK_EQ(cfs_http_body_end(&body, &err), -EBADMSG);
	CHECK_EQ(k.ends, 0);
	cfs_buf_free(&k.buf);
}

TEST(a_file_that_has_become_shorter_begins_again)
{
	struct keeper k = { 0 };
	struct cfs_http_get get = get_of(&k, 0, 0, 100);
	struct cfs_http_body body = { .get = &get, .begun = true, .have = 5 };

	check_request(&body, "5-");
	CHECK_EQ(cfs_http_body_no_range(&body, &err), 0);
	check_request(&body, NULL);
	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(k.begins, 1);
}

TEST(a_callback_may_refuse_the_content)
{
	struct keeper k = { .bytes = -EBADMSG, .end = -EBADMSG };
	struct cfs_http_get get = get_of(&k, 0, 0, 100);
	struct cfs_http_body body = { .get = &get };

	CHECK_EQ(start(&body, 200, none), 0);
	CHECK_EQ(add(&body, "x"), -EBADMSG);
	CHECK_EQ(cfs_http_body_end(&body, &err), -EBADMSG);
	CHECK(!body.is_fatal);
	cfs_buf_free(&k.buf);
}

TEST(other_failures_of_callbacks_are_fatal)
{
	static const struct keeper failing[] = { { .begin = -EREMOTEIO },
						 { .bytes = -ENOSPC },
						 { .end = -ENOMEM } };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(failing); i++) {
		struct keeper k = failing[i];
		struct cfs_http_get get = get_of(&k, 0, 0, 100);
		struct cfs_http_body body = { .get = &get };
		int r = start(&body, 200, none);

		if (r == 0)
			r = add(&body, "x");
		if (r == 0)
			r = cfs_http_body_end(&body, &err);
		CHECK_EQ(r, k.begin + k.bytes + k.end);
		CHECK(body.is_fatal);
		cfs_buf_free(&k.buf);
	}
}
