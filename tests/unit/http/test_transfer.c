/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* One request and its repetitions, at servers of all kinds. */
#include "http/transfer.h"

#include "tests/unit/http/server.h"

static struct server s;
static struct kept k;

TEST(a_file_is_received)
{
	prepare();
	make_file("small", 1000);
	make_file("empty", 0);
	make_file("large", 3000000);
	make_file("huge", 7000000);
	s = start_server(NULL);
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "plain", &k), 0);
	CHECK_EQ(k.begins, 1);
	CHECK_EQ(k.ends, 1);
	CHECK_EQ(requests(&s, "/plain/small - 200"), 1);
	keep(&k, "large", 3000000);
	CHECK_EQ(perform(&s, "plain", &k), 0);
}

TEST(an_empty_file_is_received)
{
	keep(&k, "empty", 0);
	CHECK_EQ(perform(&s, "plain", &k), 0);
	CHECK_EQ(k.begins, 1);
	CHECK_EQ(k.ends, 1);
}

TEST(a_part_is_received)
{
	keep_part(&k, "large", 3000000, 2999990, 10);
	CHECK_EQ(perform(&s, "plain", &k), 0);
	CHECK_EQ(requests(&s, "/plain/large 2999990-2999999 206 10"), 1);
}

TEST(a_part_is_cut_out_where_there_are_no_ranges)
{
	keep_part(&k, "large", 3000000, 1000, 10);
	CHECK_EQ(perform(&s, "no-ranges", &k), 0);
	CHECK_EQ(requests(&s, "/no-ranges/large"), 1);
	keep_part(&k, "large", 3000000, 2000000, 10);
	CHECK_EQ(perform(&s, "no-ranges", &k), -EREMOTEIO);
	CHECK(strstr(k.err.msg, "no-ranges/large: the server does not serve"));
	CHECK_EQ(k.begins, 0);
}

TEST(a_file_that_does_not_exist_is_absent)
{
	keep(&k, "missing", 5);
	CHECK_EQ(perform(&s, "plain", &k), -ENOENT);
	CHECK_EQ(k.begins, 0);
	CHECK(strstr(k.err.msg, "/plain/missing: the server has no such file"));
	CHECK_EQ(requests(&s, "missing"), 1);
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "gone", &k), -ENOENT);
	CHECK_EQ(perform(&s, "page", (keep(&k, "small", 1000), &k)), -ENOENT);
}

TEST(a_body_that_ends_early_is_continued)
{
	keep(&k, "large", 3000000);
	CHECK_EQ(perform(&s, "short", &k), 0);
	CHECK_EQ(k.begins, 1);
	CHECK_EQ(requests(&s, "/short/large - 200"), 1);
	CHECK_EQ(requests(&s, "/short/large 1500000- 206 1500000"), 1);
	keep_part(&k, "small", 1000, 100, 400);
	CHECK_EQ(perform(&s, "short", &k), 0);
	CHECK_EQ(requests(&s, "/short/small 300-499 206 200"), 1);
}

TEST(unless_the_file_may_change)
{
	keep(&k, "huge", 7000000);
	k.get.may_change = true;
	CHECK_EQ(perform(&s, "short", &k), 0);
	CHECK_EQ(k.begins, 2);
	CHECK_EQ(requests(&s, "/short/huge - 200"), 2);
}

TEST(not_for_ever)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "cut", &k), -EREMOTEIO);
	CHECK_EQ(requests(&s, "/cut/small"), CFS_HTTP_TRIES);
	CHECK(strstr(k.err.msg, "gave up after 4 tries"));
}

TEST(but_while_there_is_progress)
{
	keep(&k, "huge", 7000000);
	CHECK_EQ(perform(&s, "step", &k), 0);
	CHECK_EQ(k.begins, 1);
	CHECK_EQ(requests(&s, "/step/huge"), 4);
}

TEST(more_than_expected_is_refused)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "long", &k), -EBADMSG);
	CHECK(strstr(k.err.msg, "more than the expected 1000 bytes"));
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "endless", &k), -EBADMSG);
	CHECK_EQ(requests(&s, "/endless/"), 1);
}

TEST(of_an_endless_file_a_part_is_enough)
{
	keep_part(&k, "small", 1000, 5, 5);
	CHECK_EQ(perform(&s, "endless", &k), 0);
	CHECK_EQ(k.ends, 1);
}

TEST(wrong_content_is_not_asked_for_again)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "wrong", &k), -EBADMSG);
	CHECK(strstr(k.err.msg, "/wrong/small: wrong byte"));
	CHECK_EQ(requests(&s, "/wrong/"), 1);
}

TEST(another_range_is_refused)
{
	keep_part(&k, "small", 1000, 5, 5);
	CHECK_EQ(perform(&s, "shifted", &k), -EREMOTEIO);
	CHECK(strstr(k.err.msg, "another range"));
	keep_part(&k, "small", 1000, 5, 5);
	CHECK_EQ(perform(&s, "no-answer", &k), -EREMOTEIO);
	CHECK_EQ(k.begins, 0);
}

TEST(a_part_behind_the_end_is_wrong)
{
	keep_part(&k, "small", 1000, 990, 20);
	CHECK_EQ(perform(&s, "plain", &k), -EBADMSG);
	keep_part(&k, "small", 1000, 1000, 20);
	CHECK_EQ(perform(&s, "plain", &k), -EBADMSG);
	CHECK(strstr(k.err.msg, "ends before byte 1020"));
}

TEST(a_busy_server_is_asked_again)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "busy", &k), 0);
	CHECK_EQ(requests(&s, "/busy/small - 503"), 2);
	CHECK_EQ(requests(&s, "/busy/small - 200"), 1);
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "broken", &k), -EREMOTEIO);
	CHECK_EQ(requests(&s, "/broken/"), CFS_HTTP_TRIES);
	CHECK(strstr(k.err.msg, "status 500"));
}

TEST(one_that_asks_for_an_hour_is_not_waited_for)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "later", &k), -EREMOTEIO);
	CHECK_EQ(requests(&s, "/later/"), 1);
	CHECK(strstr(k.err.msg, "wants a pause of 3600 seconds"));
}

TEST(a_refusal_is_final)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "denied", &k), -EACCES);
	CHECK_EQ(requests(&s, "/denied/"), 1);
	CHECK(strstr(k.err.msg, "refuses access (status 403)"));
}

TEST(a_password_of_the_url_is_sent_and_not_shown)
{
	char text[64];
	const char *at = text;

	(void)snprintf(text, sizeof(text),
		       "http://user:secret@127.0.0.1:%s/auth", s.port);
	keep(&k, "small", 1000);
	CHECK_EQ(perform_at(&at, 1, &k), 0);
	keep(&k, "missing", 1000);
	CHECK_EQ(perform_at(&at, 1, &k), -ENOENT);
	CHECK(!strstr(k.err.msg, "secret"));
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "auth", &k), -EACCES);
}

TEST(a_header_has_a_maximum)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "header", &k), -EREMOTEIO);
	CHECK(strstr(k.err.msg, "longer than 65536 bytes"));
}

TEST(redirections_are_followed)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "away", &k), 0);
	keep_part(&k, "large", 3000000, 2000000, 10);
	CHECK_EQ(perform(&s, "away", &k), 0);
	CHECK_EQ(requests(&s, "/plain/large 2000000-2000009 206"), 1);
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "loop", &k), -ELOOP);
	CHECK_EQ(requests(&s, "/loop/"), 6);
}

TEST(the_page_of_a_redirection_has_a_maximum)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "aside", &k), -EREMOTEIO);
	CHECK(strstr(k.err.msg, "longer than 65536 bytes"));
}

TEST(but_not_to_files)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "to-file", &k), -EPROTO);
	CHECK_EQ(k.begins, 0);
	CHECK_EQ(requests(&s, "/to-file/"), 1);
	CHECK(strstr(k.err.msg, "a redirection must lead to http or https"));
}

TEST(nothing_is_decompressed)
{
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "gzip", &k), -EBADMSG);
	CHECK(strstr(k.err.msg, "Content-Encoding that was not asked for"));
	keep(&k, "small", 1000);
	CHECK_EQ(perform(&s, "labelled", &k), 0);
}

TEST(a_silent_server_is_given_up)
{
	const char *at = url(&s, "");
	const struct cfs_http_params params = {
		.urls = &at, .n = 1, .patience = 1, .no_wait = true
	};
	CFS_AUTO(cfs_http_free) struct cfs_http *http = NULL;
	struct kept drip;

	keep(&k, "silent/small", 1000);
	keep(&drip, "drip/small", 1000);
	CHECK_EQ(cfs_http_open(&params, &http, &err), 0);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), 0);
	CHECK_EQ(cfs_http_push(http, &drip.get, &err), 0);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	CHECK_EQ(k.r, -ETIMEDOUT);
	CHECK_EQ(drip.r, -ETIMEDOUT);
	/* Which of the two comes to its last try first is up to the scheduler;
	 * then the server is down, and the other's next failure is final. */
	CHECK(strstr(k.err.msg, "/silent/small: gave up after 4 tries") ||
	      strstr(drip.err.msg, "/drip/small: gave up after 4 tries"));
}

TEST(nobody_listening_is_an_error)
{
	keep(&k, "small", 1000);
	stop_server(&s);
	CHECK_EQ(perform(&s, "plain", &k), -EHOSTUNREACH);
	CHECK(strstr(k.err.msg, "gave up after 4 tries"));
}
