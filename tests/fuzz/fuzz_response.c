/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Properties: each line is one of a header; a range that was read is a range,
 * and the line that states it in other words is read as the same.  The body
 * (http/body.h) never passes on more than what was asked for, whatever the
 * lines say and however many bytes follow. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/body.h"
#include "http/response.h"
#include "tests/fuzz/fuzz.h"

static uint64_t passed;

static int on_begin(void *arg, struct cfs_err *err)
{
	(void)arg;
	(void)err;
	passed = 0;
	return 0;
}

static int on_bytes(void *arg, struct cfs_bytes bytes, struct cfs_err *err)
{
	(void)arg;
	(void)err;
	if (!bytes.len)
		abort();
	passed += bytes.len;
	return 0;
}

static const struct cfs_http_get part = {
	.offset = 10,
	.length = 20,
	.begin = on_begin,
	.bytes = on_bytes,
};

static void check_range(const struct cfs_http_response *r)
{
	struct cfs_http_response again = { 0 };
	char line[128];

	if (r->first > r->last || r->last >= r->total)
		abort();
	(void)snprintf(line, sizeof(line),
		       r->total == UINT64_MAX ? "CONTENT-RANGE: bytes %" PRIu64
						"-%" PRIu64 "/*"
					      : "content-range:bytes %" PRIu64
						"-%" PRIu64 "/%" PRIu64 "\r\n",
		       r->first, r->last, r->total);
	cfs_http_response_line(
		&again,
		(struct cfs_bytes){ (const uint8_t *)line, strlen(line) });
	if (again.range != CFS_HTTP_RANGE || again.first != r->first ||
	    again.last != r->last || again.total != r->total)
		abort();
}

static void receive(const struct cfs_http_response *r, unsigned status,
		    struct cfs_bytes bytes)
{
	struct cfs_http_body body = { .get = &part };
	char range[CFS_HTTP_RANGE_TEXT];
	struct cfs_err err;

	if (!cfs_http_body_request(&body, range) || strcmp(range, "10-29") != 0)
		abort();
	passed = 0;
	if (cfs_http_body_start(&body, status, r, &err) < 0)
		return;
	for (int i = 0; i < 3; i++)
		if (cfs_http_body_add(&body, bytes, &err) < 0)
			abort();
	if (passed > 20 || passed != body.have ||
	    (cfs_http_body_end(&body, &err) == 0) != (passed == 20))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes rest = { data, size };
	struct cfs_http_response r = { 0 };

	while (rest.len) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		const size_t n = end ? (size_t)(end - rest.data) + 1 : rest.len;

		cfs_http_response_line(&r, cfs_bytes_cut(&rest, n));
		if (r.range == CFS_HTTP_RANGE)
			check_range(&r);
	}
	receive(&r, 200, (struct cfs_bytes){ data, size });
	receive(&r, 206, (struct cfs_bytes){ data, size });
	return 0;
}
