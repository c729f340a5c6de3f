/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of a dumpfile's line; private to tree/dump. */
#ifndef CFS_TREE_DUMP_FIELD_H
#define CFS_TREE_DUMP_FIELD_H

#include <endian.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"

enum cfs_dump_column {
	CFS_DUMP_PATH,
	CFS_DUMP_SIZE,
	CFS_DUMP_MODE,
	CFS_DUMP_NLINK,
	CFS_DUMP_UID,
	CFS_DUMP_GID,
	CFS_DUMP_RDEV,
	CFS_DUMP_MTIME,
	CFS_DUMP_PAYLOAD,
	CFS_DUMP_CONTENT,
	CFS_DUMP_DIGEST,
	CFS_DUMP_XATTRS, /* not a field: the rest of the line */
	CFS_DUMP_COLUMNS,
};

/*
 * The offset of the first @stop in @text, or its length.  Nearly all fields
 * are very short, so the first eight bytes are looked at without a call: a
 * byte of @word is zero where @stop stands, and the lowest bit of @hit is that
 * of the first one.
 */
static inline size_t cfs_dump_span(struct cfs_bytes text, char stop)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint8_t *at;
	uint64_t word, hit;
	size_t done = 0;

	if (text.len >= sizeof(word)) {
		memcpy(&word, text.data, sizeof(word));
		word = le64toh(word) ^ (uint8_t)stop * ones;
		hit = (word - ones) & ~word & 0x80 * ones;
		if (hit)
			return (size_t)__builtin_ctzll(hit) / 8;
		done = sizeof(word);
	}
	if (text.len == done)
		return done;
	at = memchr(text.data + done, stop, text.len - done);
	return at ? (size_t)(at - text.data) : text.len;
}

/*
 * Splits @line at single spaces into @ret, its first field being @from.
 * Returns how many of the fixed fields there are, those before @from counted;
 * missing ones and missing xattrs are empty.
 */
unsigned cfs_dump_split(struct cfs_bytes line, enum cfs_dump_column from,
			struct cfs_bytes ret[static CFS_DUMP_COLUMNS]);

/* Takes the bytes before the first @stop (or all) off *@rest and @stop too.
 * Returns whether @stop was there. */
static inline bool cfs_dump_take(struct cfs_bytes *rest, char stop,
				 struct cfs_bytes *ret)
{
	size_t len = cfs_dump_span(*rest, stop);
	bool found = len < rest->len;

	*ret = (struct cfs_bytes){ rest->data, len };
	if (rest->len > 0) /* else it may be NULL */
		rest->data += len + found;
	rest->len -= len + found;
	return found;
}

/* cfs_dump_unescape() of a field that has a backslash. */
int cfs_dump_undo_escapes(struct cfs_bytes field, struct cfs_buf *buf,
			  struct cfs_bytes *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Undoes the escapes of @field.  *@ret is @field itself when there are none,
 * else made in @buf, which is emptied before and must outlive it.
 * Errors: -EINVAL, worded; -ENOMEM.
 */
static inline CFS_MUST_CHECK int cfs_dump_unescape(struct cfs_bytes field,
						   struct cfs_buf *buf,
						   struct cfs_bytes *ret,
						   struct cfs_err *err)
{
	if (field.len > 0 && memchr(field.data, '\\', field.len))
		return cfs_dump_undo_escapes(field, buf, ret, err);
	*ret = field;
	return 0;
}

/* An integer that a field may have. */
struct cfs_dump_int {
	const char *what; /* its name in errors */
	unsigned base;	  /* 8 or 10 */
	uint64_t max;	  /* 9 or more */
	bool plus;	  /* a plus may precede the digits */
};

/* Reads an integer of any length.  See cfs_dump_number(). */
int cfs_dump_digits(struct cfs_bytes field, const struct cfs_dump_int *kind,
		    uint64_t *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads an integer of @kind, which has nothing but digits.
 * Errors: -EINVAL, -ERANGE. */
static inline CFS_MUST_CHECK int cfs_dump_number(
	struct cfs_bytes field, const struct cfs_dump_int *kind, uint64_t *ret,
	struct cfs_err *err)
{
	unsigned digit = field.len == 1 ? (unsigned)field.data[0] - '0'
					: kind->base;

	if (digit >= kind->base)
		return cfs_dump_digits(field, kind, ret, err);
	*ret = digit;
	return 0;
}

#endif
