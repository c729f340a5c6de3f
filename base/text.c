/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/text.h"

#include <string.h>

size_t cfs_utf8_get(struct cfs_bytes s, uint32_t *ret)
{
	/* By length: the smallest character that needs it; less is overlong. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = s.len ? s.data[0] : 0;
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (s.len < n || (c >= 0x80 && c < 0xc0) || c > 0xf4)
		return 0;
	if (n > 1)
		c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if ((s.data[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.data[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

size_t cfs_utf8_put(uint32_t c, uint8_t out[4])
{
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(lead[len] | c);
	return len;
}

/* Controls (also those above 0x7f), line separators, and characters that change
 * the direction of writing. */
bool cfs_text_is_shown(uint32_t c)
{
	return c >= ' ' && (c < 0x7f || c > 0x9f) &&
	       (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069);
}

char *cfs_text_clean(char *text)
{
	struct cfs_bytes rest = { (const uint8_t *)text, strlen(text) };
	char *out = text;

	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = cfs_utf8_get(rest, &c);

		if (cfs_text_is_shown(c)) {
			memmove(out, rest.data, n);
			out += n;
		} else {
			*out++ = '?';
			n += n == 0;
		}
		(void)cfs_bytes_cut(&rest, n);
	}
	*out = '\0';
	return text;
}

/* The algorithm of Wagner and Fischer, keeping one row of its matrix: row[j] is
 * the distance between the first i bytes of @a and the first j of @b. */
unsigned cfs_text_distance(const char *a, const char *b)
{
	unsigned row[CFS_TEXT_DISTANCE + 1];
	size_t len = strnlen(b, CFS_TEXT_DISTANCE);

	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len];
}
