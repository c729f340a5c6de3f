/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/retry.h"

#include "http/libcurl.h"
#include "tests/test.h"

static struct cfs_err err;

TEST(a_status_says_whether_another_try_helps)
{
	static const struct {
		unsigned status;
		enum cfs_http_verdict verdict;
	} rows[] = {
		{ 200, CFS_HTTP_GOOD },	  { 206, CFS_HTTP_GOOD },
		{ 404, CFS_HTTP_ABSENT }, { 410, CFS_HTTP_ABSENT },
		{ 408, CFS_HTTP_AGAIN },  { 425, CFS_HTTP_AGAIN },
		{ 429, CFS_HTTP_AGAIN },  { 500, CFS_HTTP_AGAIN },
		{ 503, CFS_HTTP_AGAIN },  { 599, CFS_HTTP_AGAIN },
		{ 401, CFS_HTTP_NEXT },	  { 403, CFS_HTTP_NEXT },
		{ 407, CFS_HTTP_NEXT },	  { 400, CFS_HTTP_NEXT },
		{ 204, CFS_HTTP_NEXT },	  { 304, CFS_HTTP_NEXT },
		{ 416, CFS_HTTP_NEXT },	  { 0, CFS_HTTP_NEXT },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		char number[16];

		err = (struct cfs_err){ 0 };
		CHECK_EQ(cfs_http_judge_status(rows[i].status, &err),
			 rows[i].verdict);
		(void)snprintf(number, sizeof(number), "status %u",
			       rows[i].status);
		if (rows[i].verdict != CFS_HTTP_GOOD &&
		    rows[i].verdict != CFS_HTTP_ABSENT)
			CHECK(strstr(err.msg, number));
		else
			CHECK_EQ(err.code, 0);
	}
	CHECK_EQ(cfs_http_judge_status(403, &err), CFS_HTTP_NEXT);
	CHECK_EQ(err.code, EACCES);
}

TEST(a_failed_connection_is_tried_again)
{
	CHECK_EQ(cfs_http_judge_code(CURLE_COULDNT_CONNECT, "no route", &err),
		 CFS_HTTP_AGAIN);
	CHECK_EQ(err.code, EHOSTUNREACH);
	CHECK_STR(err.msg, "no route");
	CHECK_EQ(cfs_http_judge_code(CURLE_OPERATION_TIMEDOUT, "", &err),
		 CFS_HTTP_AGAIN);
	CHECK_EQ(err.code, ETIMEDOUT);
	CHECK_EQ(cfs_http_judge_code(CURLE_PARTIAL_FILE, NULL, &err),
		 CFS_HTTP_AGAIN);
}

TEST(a_certificate_that_is_wrong_is_so_for_all_files)
{
	CHECK_EQ(cfs_http_judge_code(CURLE_PEER_FAILED_VERIFICATION,
				     "self-signed certificate", &err),
		 CFS_HTTP_DOWN);
	CHECK(strstr(err.msg, "self-signed certificate; name"));
	CHECK(strstr(err.msg, "--ca"));
}

TEST(other_failures_are_not_tried_again)
{
	CHECK_EQ(cfs_http_judge_code(CURLE_UNSUPPORTED_PROTOCOL, "file", &err),
		 CFS_HTTP_NEXT);
	CHECK(strstr(err.msg, "redirection"));
	CHECK_EQ(cfs_http_judge_code(CURLE_TOO_MANY_REDIRECTS, "5", &err),
		 CFS_HTTP_NEXT);
	CHECK_EQ(cfs_http_judge_code(CURLE_WEIRD_SERVER_REPLY, "?", &err),
		 CFS_HTTP_NEXT);
	CHECK_EQ(cfs_http_judge_code(CURLE_OUT_OF_MEMORY, "?", &err),
		 CFS_HTTP_FATAL);
	CHECK_EQ(err.code, ENOMEM);
}

TEST(the_delay_doubles_and_varies)
{
	CHECK_EQ(cfs_http_delay(1, 0, 0), 200);
	CHECK_EQ(cfs_http_delay(2, 0, 0), 400);
	CHECK_EQ(cfs_http_delay(3, 0, 0), 800);
	CHECK_EQ(cfs_http_delay(1, 0, 199), 399);
	CHECK_EQ(cfs_http_delay(1, 0, 200), 200);
	CHECK_EQ(cfs_http_delay(0, 0, 0), 200);
	CHECK(cfs_http_delay(1000, 0, UINT32_MAX) < 200 * 1024);
}

TEST(a_server_can_ask_for_more)
{
	CHECK_EQ(cfs_http_delay(1, 30, 0), 30200);
}
