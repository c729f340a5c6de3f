/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Text in fields, such as the lines of passwd(5) or a key that is compared. */
#ifndef CFS_BASE_FIELDS_H
#define CFS_BASE_FIELDS_H

#include "base/bytes.h"

/* Are they the characters of @text? */
static inline bool cfs_bytes_are(struct cfs_bytes bytes, const char *text)
{
	return bytes.len == strlen(text) &&
	       (bytes.len == 0 || memcmp(bytes.data, text, bytes.len) == 0);
}

/*
 * Cuts a field off the beginning of *@from, with the @end behind it.  Without
 * an @end the rest is the field.
 */
static inline struct cfs_bytes cfs_bytes_field(struct cfs_bytes *from, char end)
{
	const uint8_t *at = from->len > 0 ? memchr(from->data, end, from->len)
					  : NULL;
	struct cfs_bytes field = *from;

	if (at)
		field.len = (size_t)(at - from->data);
	from->len -= field.len + (at != NULL);
	from->data += field.len + (at != NULL);
	return field;
}

#endif
