/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/field.h"

unsigned cfs_dump_split(struct cfs_bytes line, enum cfs_dump_column from,
			struct cfs_bytes ret[static CFS_DUMP_COLUMNS])
{
	unsigned n = from;
	bool more = true;

	while (more && n < CFS_DUMP_XATTRS)
		more = cfs_dump_take(&line, ' ', &ret[n++]);
	for (unsigned i = n; i < CFS_DUMP_COLUMNS; i++)
		ret[i] = (struct cfs_bytes){ NULL, 0 };
	/* "...DIGEST " and "...DIGEST" differ: the former lacks an xattr. */
	if (more)
		ret[CFS_DUMP_XATTRS] = line;
	return n;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes the escape at @s, of which the backslash is gone.
 * Returns the bytes it takes, or negative errno. */
static int unescape_one(struct cfs_bytes s, char *ret, struct cfs_err *err)
{
	int hi, lo;

	if (s.len == 0)
		return cfs_fail(err, EINVAL, "no character after escape");
	switch (s.data[0]) {
	case '\\':
		*ret = '\\';
		return 1;
	case 'n':
		*ret = '\n';
		return 1;
	case 'r':
		*ret = '\r';
		return 1;
	case 't':
		*ret = '\t';
		return 1;
	case 'x':
		break;
	default:
		return cfs_fail(err, EINVAL, "unsupported escape type %c",
				s.data[0] > ' ' && s.data[0] < 0x7f ? s.data[0]
								    : '?');
	}
	hi = s.len > 1 ? hex_digit(s.data[1]) : -1;
	lo = s.len > 2 ? hex_digit(s.data[2]) : -1;
	if (hi < 0 || lo < 0)
		return cfs_fail(err, EINVAL,
				"\\x is not followed by two hex digits");
	*ret = (char)(hi << 4 | lo);
	return 3;
}

int cfs_dump_undo_escapes(struct cfs_bytes field, struct cfs_buf *buf,
			  struct cfs_bytes *ret, struct cfs_err *err)
{
	struct cfs_bytes plain;

	buf->len = 0;
	while (cfs_dump_take(&field, '\\', &plain)) {
		char c = 0;
		int n = unescape_one(field, &c, err);

		if (n < 0)
			return n;
		cfs_buf_add(buf, plain.data, plain.len);
		cfs_buf_addc(buf, c);
		field.data += n;
		field.len -= (size_t)n;
	}
	cfs_buf_add(buf, plain.data, plain.len);
	*ret = cfs_buf_bytes(buf);
	return cfs_buf_check(buf, err);
}

int cfs_dump_digits(struct cfs_bytes field, const struct cfs_dump_int *kind,
		    uint64_t *ret, struct cfs_err *err)
{
	const char *what = kind->what;
	unsigned base = kind->base;
	uint64_t max = kind->max;
	size_t at = kind->plus && field.len > 1 && field.data[0] == '+';
	uint64_t n = 0;

	if (field.len == 0)
		return cfs_fail(err, EINVAL, "no %s", what);
	/* So few digits cannot overflow: nearly all numbers need no check. */
	for (; at < field.len && field.len <= 18; at++) {
		unsigned digit = (unsigned)field.data[at] - '0';

		if (digit >= base)
			break;
		n = n * base + digit;
	}
	for (; at < field.len; at++) {
		unsigned digit = (unsigned)field.data[at] - '0';

		if (digit >= base)
			return cfs_fail(err, EINVAL,
					"%s is not a number of base %u", what,
					base);
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit, &n) || n > max)
			return cfs_fail(err, ERANGE, "%s is over %llu", what,
					(unsigned long long)max);
	}
	if (n > max)
		return cfs_fail(err, ERANGE, "%s is over %llu", what,
				(unsigned long long)max);
	*ret = n;
	return 0;
}
