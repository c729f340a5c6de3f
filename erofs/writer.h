/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes trees as composefs images (erofs/format.h).
 *
 * The bytes depend on the tree alone: not on the time, on addresses or on the
 * order of a hash table.  They are the same as those of mkcomposefs (versions 0
 * and 1) and of composefs-rs' cfsctl (0, 1 and 2).
 *
 * Source: composefs libcomposefs/lcfs-writer-erofs.c; composefs-rs
 * crates/composefs/src/erofs/writer.rs.
 */
#ifndef CFS_EROFS_WRITER_H
#define CFS_EROFS_WRITER_H

#include "base/sink.h"
#include "erofs/rules.h"
#include "tree/node.h"

enum cfs_erofs_flags {
	/* Write version 1 instead of 0 if the tree has a whiteout. */
	CFS_EROFS_BUMP = 1,
	/* When the earliest time is looked for, which becomes that of the
	 * superblock, times before 1970 are early, as in mkcomposefs.  Without
	 * this flag they are very late, as in composefs-rs. */
	CFS_EROFS_SIGNED_TIME = 2,
};

/*
 * Appends the image of @tree (sorted or finished) to @out.
 *
 * In version 2 the links of files are counted; 0 and 1 write the nlink that the
 * tree has.
 *
 * Errors, which name the file and occur before anything is written: -EINVAL,
 * -EFBIG (a file over 2^53 bytes, or 2^43 in version 2), -ENAMETOOLONG, -E2BIG
 * (too many xattrs), -ERANGE (a name of an xattr), -EOVERFLOW (the image is too
 * large), -ENOMEM.
 */
int cfs_erofs_write(const struct cfs_tree *tree, unsigned version,
		    unsigned flags, struct cfs_buf *out,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Like cfs_erofs_write(), but gives the image to @sink in pieces of some 100
 * KiB, so that it need not be in memory as a whole.  Sets *@ret_size (may be
 * NULL) to its size.  Errors: also those of @sink. */
int cfs_erofs_write_to(const struct cfs_tree *tree, unsigned version,
		       unsigned flags, const struct cfs_sink *sink,
		       uint64_t *ret_size, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 6)));

#endif
