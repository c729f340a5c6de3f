/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Trees into composefs EROFS images.
 *
 * The bytes depend on the tree alone: not on time, addresses or hash order.
 * They are those of mkcomposefs (versions 0 and 1) and of composefs-rs'
 * cfsctl (0, 1 and 2).
 *
 * Source: composefs libcomposefs/lcfs-writer-erofs.c; composefs-rs
 * crates/composefs/src/erofs/writer.rs.
 */
#ifndef CFS_EROFS_WRITER_H
#define CFS_EROFS_WRITER_H

#include "base/buf.h"
#include "tree/node.h"

/* Versions by the number in the image's header. */
#define CFS_EROFS_VERSION_MAX 2

enum cfs_erofs_flags {
	/* Version 0 becomes 1 when the tree has a whiteout. */
	CFS_EROFS_BUMP = 1,
	/* Times before 1970 count as early, not as very late, for what the
	 * superblock's time is: as mkcomposefs does it. */
	CFS_EROFS_SIGNED_TIME = 2,
};

/*
 * Appends the image of @tree (sorted or finished) to @out.
 *
 * Version 2 counts the links itself; 0 and 1 believe nlink of leaves.
 *
 * Errors, all before anything is written, worded with the file: -EINVAL,
 * -EFBIG (file over 2^53 bytes; version 2: 2^43), -ENAMETOOLONG, -E2BIG (too
 * many xattrs), -EOVERFLOW (image too large); -ENOMEM.
 */
int cfs_erofs_write(const struct cfs_tree *tree, unsigned version,
		    unsigned flags, struct cfs_buf *out,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Where an image goes piece by piece.  @write: all of @data, 0 or an error. */
struct cfs_erofs_sink {
	int (*write)(void *ctx, struct cfs_bytes data, struct cfs_err *err);
	void *ctx;
};

/* The same in pieces of some 100 KiB, for images that need not be in memory
 * as a whole.  *@ret_size (may be NULL): bytes written. */
int cfs_erofs_write_to(const struct cfs_tree *tree, unsigned version,
		       unsigned flags, const struct cfs_erofs_sink *sink,
		       uint64_t *ret_size, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 6)));

#endif
