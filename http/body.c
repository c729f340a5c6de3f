/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/body.h"

#include <inttypes.h>

void cfs_http_body_restart(struct cfs_http_body *body)
{
	body->have = 0;
	body->begun = false;
}

/* Returns the offset in the file of the next byte wanted. */
static uint64_t next_offset(const struct cfs_http_body *body)
{
	return body->get->offset + body->have;
}

bool cfs_http_body_request(struct cfs_http_body *body,
			   char text[CFS_HTTP_RANGE_TEXT])
{
	const struct cfs_http_get *get = body->get;

	body->skip = 0;
	body->is_ranged = get->length || body->have;
	if (!body->is_ranged)
		return false;
	if (get->length)
		(void)snprintf(text, CFS_HTTP_RANGE_TEXT,
			       "%" PRIu64 "-%" PRIu64, next_offset(body),
			       get->offset + get->length - 1);
	else
		(void)snprintf(text, CFS_HTTP_RANGE_TEXT, "%" PRIu64 "-",
			       next_offset(body));
	return true;
}

/* Takes the result of a callback. */
static int called(struct cfs_http_body *body, int r)
{
	if (r < 0 && r != -EBADMSG)
		body->is_fatal = true;
	return r < 0 ? r : 0;
}

static int begin(struct cfs_http_body *body, struct cfs_err *err)
{
	int r = 0;

	if (!body->begun)
		r = called(body, body->get->begin(body->get->arg, err));
	body->begun = r == 0;
	return r;
}

/* The whole file, though a part of it was asked for. */
static int start_whole(struct cfs_http_body *body, struct cfs_err *err)
{
	body->skip = next_offset(body);
	if (body->skip <= CFS_HTTP_SKIP)
		return begin(body, err);
	cfs_http_body_restart(body);
	body->skip = next_offset(body);
	if (body->skip <= CFS_HTTP_SKIP)
		return begin(body, err);
	return cfs_fail(err, EREMOTEIO,
			"the server does not serve ranges of files, which this "
			"needs (status 200 instead of 206)");
}

static int too_short(uint64_t want, struct cfs_err *err)
{
	return cfs_fail(err, EBADMSG,
			"the file is too short: it ends before byte %" PRIu64,
			want);
}

static int start_part(struct cfs_http_body *body,
		      const struct cfs_http_response *response,
		      struct cfs_err *err)
{
	const struct cfs_http_get *get = body->get;
	/* what a whole file ends with is up to the server */
	const uint64_t end = get->length ? get->offset + get->length
					 : response->total;
	const bool is_answer =
		body->is_ranged && response->range == CFS_HTTP_RANGE &&
		response->first == next_offset(body) && response->last < end;

	if (is_answer && get->length && response->last + 1 < end &&
	    response->last + 1 == response->total)
		return too_short(end, err);
	if (!is_answer || (end != UINT64_MAX && response->last + 1 < end))
		return cfs_fail(err, EREMOTEIO,
				"the server sends another range than the one "
				"it was asked for");
	return begin(body, err);
}

int cfs_http_body_start(struct cfs_http_body *body, unsigned status,
			const struct cfs_http_response *response,
			struct cfs_err *err)
{
	if (status == 206)
		return start_part(body, response, err);
	return body->is_ranged ? start_whole(body, err) : begin(body, err);
}

int cfs_http_body_no_range(struct cfs_http_body *body, struct cfs_err *err)
{
	const struct cfs_http_get *get = body->get;

	if (!get->length && body->is_ranged) {
		cfs_http_body_restart(body);
		return 0;
	}
	return too_short(get->offset + get->length, err);
}

int cfs_http_body_add(struct cfs_http_body *body, struct cfs_bytes bytes,
		      struct cfs_err *err)
{
	const struct cfs_http_get *get = body->get;
	const uint64_t left =
		(get->length ? get->length : get->max) - body->have;
	uint64_t n = bytes.len;
	int r = 0;

	if (n <= body->skip) {
		body->skip -= n;
		return 0;
	}
	(void)cfs_bytes_cut(&bytes, (size_t)body->skip);
	body->skip = 0;
	n = bytes.len;
	if (n > left && !get->length)
		return cfs_fail(err, EBADMSG,
				"the file has more than the expected %" PRIu64
				" bytes",
				get->max);
	if (n > left)
		n = left;
	bytes.len = (size_t)n;
	if (n)
		r = called(body, get->bytes(get->arg, bytes, err));
	if (r < 0)
		return r;
	body->have += n;
	return get->length && body->have == get->length;
}

int cfs_http_body_end(struct cfs_http_body *body, struct cfs_err *err)
{
	const struct cfs_http_get *get = body->get;

	if (get->length && body->have < get->length)
		return too_short(get->offset + get->length, err);
	return get->end ? called(body, get->end(get->arg, err)) : 0;
}
