/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/response.h"

#include <strings.h>

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct cfs_bytes trim(struct cfs_bytes text)
{
	while (text.len && is_space(text.data[0]))
		(void)cfs_bytes_cut(&text, 1);
	while (text.len && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* Cuts "@name:" off *@line, in small letters or capitals. */
static bool eat_name(struct cfs_bytes *line, const char *name)
{
	const size_t len = strlen(name);

	if (line->len <= len || line->data[len] != ':' ||
	    strncasecmp((const char *)line->data, name, len) != 0)
		return false;
	(void)cfs_bytes_cut(line, len + 1);
	*line = trim(*line);
	return true;
}

/* Cuts a decimal number off *@text that is less than 2^63. */
static bool eat_number(struct cfs_bytes *text, uint64_t *ret)
{
	const size_t len = text->len;
	uint64_t n = 0;

	while (text->len && text->data[0] >= '0' && text->data[0] <= '9') {
		if (n > (INT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (cfs_bytes_cut(text, 1).data[0] - (uint64_t)'0');
	}
	*ret = n;
	return text->len < len;
}

/* Reads "bytes 0-99/1234", where the total may be an asterisk. */
static bool read_range(struct cfs_bytes text, struct cfs_http_response *ret)
{
	if (text.len < 6 ||
	    strncasecmp((const char *)text.data, "bytes ", 6) != 0)
		return false;
	(void)cfs_bytes_cut(&text, 6);
	text = trim(text);
	if (!eat_number(&text, &ret->first) || !cfs_bytes_eat(&text, "-") ||
	    !eat_number(&text, &ret->last) || !cfs_bytes_eat(&text, "/") ||
	    ret->first > ret->last)
		return false;
	ret->total = UINT64_MAX;
	if (cfs_bytes_is(text, "*"))
		return true;
	return eat_number(&text, &ret->total) && text.len == 0 &&
	       ret->last < ret->total;
}

void cfs_http_response_line(struct cfs_http_response *response,
			    struct cfs_bytes line)
{
	if (cfs_bytes_eat(&line, "HTTP/")) {
		*response = (struct cfs_http_response){ 0 };
	} else if (eat_name(&line, "Content-Range")) {
		const bool again = response->range != CFS_HTTP_NO_RANGE;

		response->range = !again && read_range(line, response)
					  ? CFS_HTTP_RANGE
					  : CFS_HTTP_RANGE_WRONG;
	} else if (eat_name(&line, "Content-Encoding")) {
		response->encoded = !cfs_bytes_is(line, "identity");
	}
}
