/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/subids.h"

#include <stdio.h>
#include <string.h>

/* Takes what is before the next @end, or all, from @from. */
static struct cfs_bytes take(struct cfs_bytes *from, char end)
{
	const uint8_t *at = from->len > 0 ? memchr(from->data, end, from->len)
					  : NULL;
	struct cfs_bytes part = { from->data,
				  at ? (size_t)(at - from->data) : from->len };
	size_t skip = part.len + (at ? 1 : 0);

	*from = (struct cfs_bytes){ from->data + skip, from->len - skip };
	return part;
}

/* Reads a decimal number.  Returns false if @s is none, or above 32 bits. */
static bool read_number(struct cfs_bytes s, uint32_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.data[i] - '0');
		if (n > UINT32_MAX)
			return false;
	}
	*ret = (uint32_t)n;
	return s.len > 0;
}

static bool is_text(struct cfs_bytes s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* Reads "owner:first:n", if the owner is the user. */
static bool read_line(struct cfs_bytes line, const char *name,
		      const char *number, struct cfs_subids *ret)
{
	struct cfs_bytes owner = take(&line, ':');
	struct cfs_bytes first = take(&line, ':');
	struct cfs_subids ids;

	if (owner.len == 0 ||
	    !((name && is_text(owner, name)) || is_text(owner, number)))
		return false;
	/* Root is no subordinate, and the last id is none: (uid_t)-1. */
	if (!read_number(first, &ids.first) || !read_number(line, &ids.n) ||
	    ids.first == 0 || ids.n == 0 ||
	    (uint64_t)ids.first + ids.n > UINT32_MAX)
		return false;
	*ret = ids;
	return true;
}

int cfs_subids_find(struct cfs_bytes file, const char *name, uint32_t uid,
		    struct cfs_subids *ret)
{
	char number[16];

	snprintf(number, sizeof(number), "%lu", (unsigned long)uid);
	while (file.len > 0)
		if (read_line(take(&file, '\n'), name, number, ret))
			return 1;
	return 0;
}
