/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/numbers.h"

#include "tree/dump/dump.h"
#include "tree/node.h"

#define MODE_MAX 0177777
#define NSEC_MAX 999999999
/* Any number of so many digits fits in 64 bits. */
#define DIGITS_MAX 18

/*
 * The value of the eight digits at @p, or -1 when there are not eight: all at
 * once, in the bytes of a word.  Only '0' to '9' minus '0' lack the highest
 * bit both as they are and with 118 added; then neighbours are joined, to four
 * numbers of two digits, two of four, one of eight.
 */
static inline int64_t eight_digits(const uint8_t *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	v = le64toh(v) - '0' * ones;
	if ((v | (v + 118 * ones)) & 128 * ones)
		return -1;
	v = (v * 10 + (v >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	v = (v * 100 + (v >> 16)) & UINT64_C(0x0000ffff0000ffff);
	v = (v * 10000 + (v >> 32)) & UINT32_MAX;
	return (int64_t)v;
}

/* Reads digits from @p and @stop behind them.  Returns what is behind that, or
 * NULL when something else stands there.  @many: there may well be eight. */
static inline const uint8_t *digits(const uint8_t *p, const uint8_t *end,
				    unsigned base, char stop, bool many,
				    uint64_t *ret)
{
	const uint8_t *from = p;
	uint64_t n = 0, digit;

	if (many && end - p >= 8) {
		int64_t eight = eight_digits(p);

		if (eight >= 0) {
			n = (uint64_t)eight;
			p += 8;
		}
	}
	for (; p < end && (digit = (uint64_t)*p - '0') < base; p++)
		n = n * base + digit;
	if (p == from || p == end || *p != stop || p - from > DIGITS_MAX)
		return NULL;
	*ret = n;
	return p + 1;
}

/* Four numbers of one digit with a space behind each, as nlink, uid, gid and
 * rdev nearly always are: read at once like eight digits. */
static inline bool four_digits(const uint8_t *p, const uint8_t *end,
			       uint64_t ret[static 4])
{
	const uint64_t ones = UINT64_C(0x0001000100010001);
	uint64_t v;

	if (end - p < 8)
		return false;
	memcpy(&v, p, sizeof(v));
	/* The digits' values, and zero where a space is. */
	v = le64toh(v) ^ (' ' << 8 | '0') * ones;
	if (v & ~(127 * ones) || (v + 118 * ones) & 128 * ones)
		return false;
	for (size_t i = 0; i < 4; i++, v >>= 16)
		ret[i] = v & 15;
	return true;
}

/*
 * The way that nearly all lines take.  Whatever is not plain digits in range is
 * left to cfs_dump_numbers(), which knows the lenient rules and words errors.
 */
bool cfs_dump_plain_numbers(struct cfs_bytes *rest,
			    struct cfs_dump_numbers *ret)
{
	const uint8_t *p = rest->data, *end = p + rest->len;
	uint64_t size, mode, four[4], sec, nsec;
	bool link;

	if (!(p = digits(p, end, 10, ' ', false, &size)) || p == end)
		return false;
	link = *p == '@';
	if (!(p = digits(p + link, end, 8, ' ', false, &mode)))
		return false;
	if (four_digits(p, end, four))
		p += 8;
	else if (!(p = digits(p, end, 10, ' ', false, &four[0])) ||
		 !(p = digits(p, end, 10, ' ', false, &four[1])) ||
		 !(p = digits(p, end, 10, ' ', false, &four[2])) ||
		 !(p = digits(p, end, 10, ' ', false, &four[3])))
		return false;
	if (!(p = digits(p, end, 10, '.', true, &sec)) ||
	    !(p = digits(p, end, 10, ' ', true, &nsec)))
		return false;
	if (mode > MODE_MAX || !cfs_mode_is_known((uint32_t)mode) ||
	    (four[0] | four[1] | four[2] | four[3]) > UINT32_MAX ||
	    nsec > NSEC_MAX)
		return false;
	*ret = (struct cfs_dump_numbers){
		.size = size,
		.mode = (uint32_t)mode,
		.link = link,
		.nlink = (uint32_t)four[0],
		.uid = (uint32_t)four[1],
		.gid = (uint32_t)four[2],
		.rdev = (uint32_t)four[3],
		.mtime_sec = (int64_t)sec,
		.mtime_nsec = (uint32_t)nsec,
	};
	*rest = (struct cfs_bytes){ p, (size_t)(end - p) };
	return true;
}

int cfs_dump_mode(struct cfs_bytes field, unsigned flags,
		  struct cfs_dump_numbers *ret, struct cfs_err *err)
{
	bool link = field.len > 0 && field.data[0] == '@';
	const struct cfs_dump_int kind = { "mode", 8, UINT32_MAX,
					   flags & CFS_DUMP_LENIENT };
	uint64_t mode;
	int r;

	if (link)
		field = (struct cfs_bytes){ field.data + 1, field.len - 1 };
	r = cfs_dump_number(field, &kind, &mode, err);
	if (r < 0)
		return r;
	if (!(flags & CFS_DUMP_LENIENT) && mode > MODE_MAX)
		return cfs_fail(err, EINVAL, "mode %o has unknown bits",
				(unsigned)mode);
	/* mkcomposefs ignores higher bits. */
	mode &= MODE_MAX;
	if (!cfs_mode_is_known((uint32_t)mode))
		return cfs_fail(err, EINVAL, "mode %o has no known file type",
				(unsigned)mode);
	ret->mode = (uint32_t)mode;
	ret->link = link;
	return 0;
}

static int parse_u32(struct cfs_bytes field, unsigned flags, const char *what,
		     uint32_t *ret, struct cfs_err *err)
{
	const struct cfs_dump_int kind = { what, 10, UINT32_MAX,
					   flags & CFS_DUMP_LENIENT };
	uint64_t n;
	int r = cfs_dump_number(field, &kind, &n, err);

	if (r < 0)
		return r;
	*ret = (uint32_t)n;
	return 0;
}

static int parse_mtime(struct cfs_bytes field, unsigned flags,
		       struct cfs_dump_numbers *ret, struct cfs_err *err)
{
	struct cfs_bytes sec, nsec = field;
	bool minus = field.len > 0 && field.data[0] == '-';
	const struct cfs_dump_int seconds = {
		"mtime", 10, INT64_MAX, flags & CFS_DUMP_LENIENT && !minus
	};
	const struct cfs_dump_int nanoseconds = { "mtime nsec", 10, NSEC_MAX,
						  false };
	uint64_t s, n;
	int r;

	if (field.len == 0)
		return cfs_fail(err, EINVAL, "no mtime");
	if (!cfs_dump_take(&nsec, '.', &sec))
		return cfs_fail(err, EINVAL, "mtime without a dot");
	if (minus)
		sec = (struct cfs_bytes){ sec.data + 1, sec.len - 1 };
	r = cfs_dump_number(sec, &seconds, &s, err);
	if (r < 0)
		return r;
	r = cfs_dump_number(nsec, &nanoseconds, &n, err);
	if (r < 0)
		return r;
	ret->mtime_sec = minus ? -(int64_t)s : (int64_t)s;
	ret->mtime_nsec = (uint32_t)n;
	return 0;
}

int cfs_dump_numbers(const struct cfs_bytes f[static CFS_DUMP_COLUMNS],
		     unsigned flags, struct cfs_dump_numbers *ret,
		     struct cfs_err *err)
{
	const struct cfs_dump_int size = { "size", 10, UINT64_MAX,
					   flags & CFS_DUMP_LENIENT };
	int r;

	if (!S_ISDIR(ret->mode) && !S_ISLNK(ret->mode)) {
		r = cfs_dump_number(f[CFS_DUMP_SIZE], &size, &ret->size, err);
		if (r < 0)
			return r;
	}
	r = parse_u32(f[CFS_DUMP_NLINK], flags, "nlink", &ret->nlink, err);
	if (r < 0)
		return r;
	r = parse_u32(f[CFS_DUMP_UID], flags, "uid", &ret->uid, err);
	if (r < 0)
		return r;
	r = parse_u32(f[CFS_DUMP_GID], flags, "gid", &ret->gid, err);
	if (r < 0)
		return r;
	r = parse_u32(f[CFS_DUMP_RDEV], flags, "rdev", &ret->rdev, err);
	if (r < 0)
		return r;
	return parse_mtime(f[CFS_DUMP_MTIME], flags, ret, err);
}
