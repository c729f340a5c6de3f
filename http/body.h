/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The body of one get (http/http.h), put together from the responses of any
 * number of requests: which bytes to ask for next, which of a response are
 * wanted, and how many there may be.  No network.
 */
#ifndef CFS_HTTP_BODY_H
#define CFS_HTTP_BODY_H

#include "http/http.h"
#include "http/response.h"

struct cfs_http_body {
	const struct cfs_http_get *get;
	uint64_t have;	/* bytes that bytes() took since begin() */
	uint64_t skip;	/* bytes of this response that come first, to be
			 * dropped */
	bool begun;	/* begin() was called */
	bool is_ranged; /* this request has a range */
	/* A callback failed, and not because of what the server sent. */
	bool is_fatal;
};

/* Room for a range in CURLOPT_RANGE's form. */
#define CFS_HTTP_RANGE_TEXT 48

/* Forgets what came: the next request asks from the beginning. */
void cfs_http_body_restart(struct cfs_http_body *body) CFS_NONNULL;

/*
 * Begins a request.  Returns true with the range to ask for in @text, or false
 * for a request without a range.
 */
bool cfs_http_body_request(struct cfs_http_body *body,
			   char text[CFS_HTTP_RANGE_TEXT]) CFS_NONNULL;

/*
 * Looks at a response of @status 200 or 206, before its first byte, or at its
 * end if it has none.  Drops what came before if it cannot be continued.
 *
 * Errors: -EREMOTEIO the response does not answer the request, -EBADMSG the
 * file is too short, those of begin().
 */
int cfs_http_body_start(struct cfs_http_body *body, unsigned status,
			const struct cfs_http_response *response,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks at a response of status 416: the file ends before the range that was
 * asked for.  Returns 0 if it should be asked for from the beginning, which is
 * then done by the next request, or -EBADMSG.
 */
int cfs_http_body_no_range(struct cfs_http_body *body,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Passes on what is wanted of @bytes.  Returns 1 if that was all (nothing after
 * it needs to be received), 0 if more is wanted.
 *
 * Errors: -EBADMSG more than the get allows, those of bytes().
 */
int cfs_http_body_add(struct cfs_http_body *body, struct cfs_bytes bytes,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The response is complete.  Errors: -EBADMSG the file is too short, those of
 * end(). */
int cfs_http_body_end(struct cfs_http_body *body,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
