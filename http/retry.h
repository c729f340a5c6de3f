/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How a request ended, and what follows from it.
 */
#ifndef CFS_HTTP_RETRY_H
#define CFS_HTTP_RETRY_H

#include <stdint.h>

#include "base/err.h"

#define CFS_HTTP_RETRY_AFTER_MAX 60 /* seconds that a server may demand */

enum cfs_http_verdict {
	CFS_HTTP_GOOD,
	CFS_HTTP_ABSENT, /* the server does not have the file */
	CFS_HTTP_AGAIN,	 /* may be better the next time */
	CFS_HTTP_NEXT,	 /* this server is no use for this file */
	CFS_HTTP_DOWN,	 /* nor for others */
	CFS_HTTP_FATAL,	 /* no server can help */
};

/* Judges the status of a response, and words it unless it is 200, 206 or
 * absence. */
enum cfs_http_verdict cfs_http_judge_status(unsigned status,
					    struct cfs_err *err) CFS_NONNULL;

/* Judges a result of libcurl, a CURLcode but not CURLE_OK, and words it: @text,
 * which may be NULL, and what can be done. */
enum cfs_http_verdict cfs_http_judge_code(int code, const char *text,
					  struct cfs_err *err)
	__attribute__((nonnull(3)));

/*
 * Returns the milliseconds to wait before try @tries + 1: 200 and up to as many
 * more, so that machines that failed together do not come back together,
 * doubled with each try; and @after, the seconds that the server demands, in
 * addition.
 * @random: any number.
 */
uint64_t cfs_http_delay(unsigned tries, unsigned after, uint32_t random);

#endif
