/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/bls.h"

#include <string.h>

/*
 * An entry is lines of a key and a value, with blanks between them.  Keys may
 * come more than once.  Lines that are empty or begin with "#" say nothing.
 *
 * Source: The Boot Loader Specification, "Type #1 Boot Loader Specification
 * Entries".
 */

/* Carriage returns are blanks: entries are also written on other systems. */
static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct cfs_bytes strip(struct cfs_bytes text)
{
	while (text.len > 0 && is_blank(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static struct cfs_bytes cut_line(struct cfs_bytes *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	struct cfs_bytes line = { rest->data, end ? (size_t)(end - rest->data)
						  : rest->len };
	size_t used = line.len + (end != NULL);

	rest->data += used;
	rest->len -= used;
	return strip(line);
}

bool cfs_bls_next(struct cfs_bytes *rest, struct cfs_bls_line *ret)
{
	while (rest->len > 0) {
		struct cfs_bytes line = cut_line(rest);
		size_t key = 0;

		while (key < line.len && !is_blank(line.data[key]))
			key++;
		if (key == 0 || line.data[0] == '#')
			continue;
		ret->key = (struct cfs_bytes){ line.data, key };
		ret->value = strip(
			(struct cfs_bytes){ line.data + key, line.len - key });
		return true;
	}
	return false;
}

bool cfs_bls_is(const struct cfs_bls_line *line, const char *key)
{
	return line->key.len == strlen(key) &&
	       memcmp(line->key.data, key, line->key.len) == 0;
}

/* A value with a line end in it would become lines of its own, and so could
 * name another kernel. */
bool cfs_bls_is_value(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}
