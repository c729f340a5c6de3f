/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads composefs images (erofs/format.h) into trees.  An image is untrusted
 * input: everything is checked that the kernel, composefs-rs or a walk over the
 * tree relies on.
 *
 * Source: linux fs/erofs; composefs-rs crates/composefs/src/erofs/reader.rs.
 */
#ifndef CFS_EROFS_READER_H
#define CFS_EROFS_READER_H

#include "base/bytes.h"
#include "tree/node.h"

/* The size of the largest image that is read.
 * Source: composefs-rs crates/composefs/src/erofs/reader.rs. */
#define CFS_EROFS_IMAGE_MAX (UINT64_C(1) << 30)

enum cfs_erofs_read_flags {
	/* For composefs-info: accept wrong link counts and keep them in the
	 * tree, because composefs' C programs write those of the dumpfile.
	 * Those of directories, and of whiteouts in version 2, must be right
	 * nevertheless. */
	CFS_EROFS_READ_INFO = 1,
};

/*
 * Reads @image into a new, finished tree, which the caller frees.  What the
 * writer added is removed: stubs, marks of whiteouts, and the xattrs
 * trusted.overlay.metacopy and redirect.
 * Sets *@ret_version (may be NULL) to the image's version, 0, 1 or 2.
 *
 * Errors: -EBADMSG if @image is not a valid composefs image; -EFBIG if it is
 * larger than CFS_EROFS_IMAGE_MAX; -ENOMEM.
 */
int cfs_erofs_read(struct cfs_bytes image, unsigned flags,
		   struct cfs_tree **ret, unsigned *ret_version,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5)));

/*
 * Facts about an inode that the tree does not keep, as they are in the image.
 */
struct cfs_erofs_detail {
	uint64_t nid;
	uint64_t size; /* in bytes, also of directories */
	/* The xattrs except metacopy and redirect, in the order on disk, shared
	 * ones last.  Marks of whiteouts and their directories are included. */
	uint32_t n;
	const struct cfs_xattr *xattrs[];
};

/*
 * Like cfs_erofs_read() with CFS_EROFS_READ_INFO.  Sets *@ret_details to an
 * array indexed by the seq of nodes, with NULL for each CFS_NODE_LINK.  It
 * belongs to the tree.  Errors: see cfs_erofs_read().
 */
int cfs_erofs_read_details(struct cfs_bytes image, struct cfs_tree **ret,
			   unsigned *ret_version,
			   const struct cfs_erofs_detail ***ret_details,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Calls @found for every object that @image needs, in no particular order and
 * possibly more than once.
 * @alg: the algorithm of all objects; every backing path must then be an object
 * path.  0: objects of both algorithms, and other backing paths are ignored.
 * @found: returns 0, or negative errno to end the search.
 * Errors: see cfs_erofs_read(); -EBADMSG also for an object of another
 * algorithm; those of @found.
 */
int cfs_erofs_objects(struct cfs_bytes image, enum cfs_alg alg,
		      int (*found)(void *ctx, const struct cfs_digest *digest,
				   struct cfs_err *err),
		      void *ctx, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5)));

#endif
