/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/retry.h"

#include "http/libcurl.h"

#define FIRST_DELAY 200 /* milliseconds */
#define DOUBLINGS   8	/* of them, at most */

/* Source: RFC 9110, section 15. */
enum cfs_http_verdict cfs_http_judge_status(unsigned status,
					    struct cfs_err *err)
{
	switch (status) {
	case 200:
	case 206:
		return CFS_HTTP_GOOD;
	case 404:
	case 410:
		return CFS_HTTP_ABSENT;
	case 401:
	case 403:
	case 407:
		(void)cfs_fail(err, EACCES,
			       "the server refuses access (status %u)", status);
		return CFS_HTTP_NEXT;
	case 408: /* Request Timeout */
	case 425: /* Too Early */
	case 429: /* Too Many Requests */
		break;
	default:
		if (status >= 500)
			break;
		(void)cfs_fail(err, EREMOTEIO,
			       "the server answers with status %u", status);
		return CFS_HTTP_NEXT;
	}
	(void)cfs_fail(err, EREMOTEIO,
		       "the server is overloaded or broken (status %u)",
		       status);
	return CFS_HTTP_AGAIN;
}

static const struct judgement {
	CURLcode code;
	enum cfs_http_verdict verdict;
	int error;
	const char *hint;
} judgements[] = {
	{ CURLE_OPERATION_TIMEDOUT, CFS_HTTP_AGAIN, ETIMEDOUT, NULL },
	{ CURLE_COULDNT_RESOLVE_HOST, CFS_HTTP_AGAIN, EHOSTUNREACH, NULL },
	{ CURLE_COULDNT_RESOLVE_PROXY, CFS_HTTP_AGAIN, EHOSTUNREACH, NULL },
	{ CURLE_COULDNT_CONNECT, CFS_HTTP_AGAIN, EHOSTUNREACH, NULL },
	{ CURLE_SSL_CONNECT_ERROR, CFS_HTTP_AGAIN, EPROTO, NULL },
	{ CURLE_PARTIAL_FILE, CFS_HTTP_AGAIN, EREMOTEIO, NULL },
	{ CURLE_GOT_NOTHING, CFS_HTTP_AGAIN, EREMOTEIO, NULL },
	{ CURLE_SEND_ERROR, CFS_HTTP_AGAIN, EREMOTEIO, NULL },
	{ CURLE_RECV_ERROR, CFS_HTTP_AGAIN, EREMOTEIO, NULL },
	{ CURLE_HTTP2, CFS_HTTP_AGAIN, EREMOTEIO, NULL },
	{ CURLE_HTTP2_STREAM, CFS_HTTP_AGAIN, EREMOTEIO, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, CFS_HTTP_DOWN, EPROTO,
	  "name the certificate of its authority with --ca if it is right" },
	{ CURLE_SSL_CACERT_BADFILE, CFS_HTTP_DOWN, EPROTO, NULL },
	{ CURLE_UNSUPPORTED_PROTOCOL, CFS_HTTP_NEXT, EPROTO,
	  "a redirection must lead to http or https, and from https to https" },
	{ CURLE_TOO_MANY_REDIRECTS, CFS_HTTP_NEXT, ELOOP, NULL },
	{ CURLE_OUT_OF_MEMORY, CFS_HTTP_FATAL, ENOMEM, NULL },
};

enum cfs_http_verdict cfs_http_judge_code(int code, const char *text,
					  struct cfs_err *err)
{
	static const struct judgement other = { .verdict = CFS_HTTP_NEXT,
						.error = EPROTO };
	const struct judgement *found = &other;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(judgements); i++)
		if ((int)judgements[i].code == code)
			found = &judgements[i];
	(void)cfs_fail(err, found->error, "%s%s%s",
		       text && *text ? text : "request failed",
		       found->hint ? "; " : "", found->hint ? found->hint : "");
	return found->verdict;
}

uint64_t cfs_http_delay(unsigned tries, unsigned after, uint32_t random)
{
	const unsigned doublings = tries > DOUBLINGS ? DOUBLINGS
				   : tries	     ? tries - 1
						     : 0;
	const uint64_t delay = (uint64_t)FIRST_DELAY << doublings;

	return delay + random % delay + (uint64_t)after * 1000;
}
