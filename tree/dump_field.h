/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of a dumpfile's line; private to tree/dump_*.c. */
#ifndef CFS_TREE_DUMP_FIELD_H
#define CFS_TREE_DUMP_FIELD_H

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

/* Splits @line at single spaces into @ret.  Returns how many of the fixed
 * fields there are; missing ones and missing xattrs are empty. */
unsigned cfs_dump_split(struct cfs_bytes line,
			struct cfs_bytes ret[static CFS_DUMP_COLUMNS]);

/* Takes the bytes before the first @stop (or all) off *@rest and @stop too.
 * Returns whether @stop was there. */
bool cfs_dump_take(struct cfs_bytes *rest, char stop,
		   struct cfs_bytes *ret) CFS_NONNULL;

/*
 * Undoes the escapes of @field.  *@ret is @field itself when there are none,
 * else made in @buf, which is emptied before and must outlive it.
 * Errors: -EINVAL, worded; -ENOMEM.
 */
int cfs_dump_unescape(struct cfs_bytes field, struct cfs_buf *buf,
		      struct cfs_bytes *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads an integer of @base 8 or 10, at most @max, digits only; with @plus a
 * plus may precede them.  @what names it in errors.
 * Errors: -EINVAL, -ERANGE.
 */
int cfs_dump_number(struct cfs_bytes field, unsigned base, uint64_t max,
		    bool plus, const char *what, uint64_t *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
