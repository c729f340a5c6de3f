/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A directory on disk into a tree.
 */
#ifndef CFS_TREE_SCAN_H
#define CFS_TREE_SCAN_H

#include "fsverity/digester.h"
#include "tree/node.h"

enum cfs_scan_flags {
	CFS_SCAN_NO_XATTRS = 1,
	CFS_SCAN_USER_XATTRS = 2, /* none but user.* */
	CFS_SCAN_NO_DEVICES = 4,
	CFS_SCAN_EPOCH = 8,	    /* every mtime is 0.0 */
	CFS_SCAN_NO_HARDLINKS = 16, /* every name is an inode, nlink 1 */
	/* Files with an x bit are objects whatever their size, unless they are
	 * empty. */
	CFS_SCAN_EXEC_OBJECTS = 32,
};

struct cfs_scan {
	unsigned flags;
	/* Gives the digests of the regular files that become objects, those
	 * over CFS_INLINE_FROM_DISK bytes; each is read once for all of its
	 * names. */
	struct cfs_digester *digester;
	/* Told of each of these files; may be NULL. */
	void (*seen)(void *ctx, uint64_t bytes);
	void *ctx;
};

/*
 * Reads everything below the directory @dirfd, other file systems too, into a
 * new, finished tree.  Hard links become links, but for whiteouts, which
 * overlayfs (since Linux 5.8) gives one inode: each name of them is an inode
 * of its own.  Nothing is followed: symlinks are read, every name is
 * opened in the descriptor of its directory.  The digester is finished when
 * this returns; after a failure it is cancelled.
 *
 * Errors, worded with the path: -ESTALE for a file or directory that changes
 * meanwhile, -ELOOP beyond CFS_DEPTH_MAX, -EOVERFLOW for a device number
 * over 32 bits, the digester's, system calls'.
 */
int cfs_tree_scan(int dirfd, const struct cfs_scan *scan, struct cfs_tree **ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
