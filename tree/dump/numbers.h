/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields SIZE to MTIME of a dumpfile's line; private to tree/dump. */
#ifndef CFS_TREE_DUMP_NUMBERS_H
#define CFS_TREE_DUMP_NUMBERS_H

#include "tree/dump/field.h"

struct cfs_dump_numbers {
	uint64_t size;
	uint32_t mode;
	bool link; /* "@" precedes the mode */
	uint32_t nlink, uid, gid, rdev;
	int64_t mtime_sec;
	uint32_t mtime_nsec;
};

/*
 * Takes these fields off *@rest, with the space behind each, if they are as
 * nearly all are: digits alone, in range.  Returns whether; if not, nothing is
 * taken, and the two functions below say what is wrong, if anything is.
 */
bool cfs_dump_plain_numbers(struct cfs_bytes *rest,
			    struct cfs_dump_numbers *ret) CFS_NONNULL;

/* Reads the mode and the "@" that may precede it into @ret.
 * @flags: enum cfs_dump_flags.
 * Errors: -EINVAL, -ERANGE, worded with the field. */
int cfs_dump_mode(struct cfs_bytes field, unsigned flags,
		  struct cfs_dump_numbers *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads the other numbers of the split line @f into @ret, for a file of mode
 * ret->mode: directories and symlinks have no size of their own.
 * @flags: enum cfs_dump_flags.  Errors: see cfs_dump_mode(). */
int cfs_dump_numbers(const struct cfs_bytes f[static CFS_DUMP_COLUMNS],
		     unsigned flags, struct cfs_dump_numbers *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
