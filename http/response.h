/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The header lines of a response that matter here.  libcurl reads the others.
 *
 * Source: RFC 9110, sections 8.4 and 14.4.
 */
#ifndef CFS_HTTP_RESPONSE_H
#define CFS_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct cfs_http_response {
	/* Content-Range: CFS_HTTP_NO_RANGE no such line; _WRONG one that cannot
	 * be read, or several. */
	enum {
		CFS_HTTP_NO_RANGE,
		CFS_HTTP_RANGE,
		CFS_HTTP_RANGE_WRONG,
	} range;
	uint64_t first, last; /* the bytes of the body; first <= last */
	uint64_t total;	      /* bytes of the file; UINT64_MAX: not stated */
	bool encoded; /* has a Content-Encoding, though none was requested */
};

/*
 * Takes one line of a header, with or without its end.  The first line of a
 * response ("HTTP/...") empties @response: after a redirection another one
 * follows.
 */
void cfs_http_response_line(struct cfs_http_response *response,
			    struct cfs_bytes line) CFS_NONNULL;

#endif
