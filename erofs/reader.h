/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * composefs images back into trees.  An image is bytes nobody vouches for:
 * everything is checked that the kernel, composefs-rs or a walk relies on.
 *
 * Source: linux fs/erofs; composefs-rs crates/composefs/src/erofs/reader.rs.
 */
#ifndef CFS_EROFS_READER_H
#define CFS_EROFS_READER_H

#include "base/bytes.h"
#include "tree/node.h"

/* Source: composefs-rs erofs/reader.rs. */
#define CFS_EROFS_IMAGE_MAX (UINT64_C(1) << 30)

enum cfs_erofs_read_flags {
	/* As composefs-info: link counts that are wrong are taken as they
	 * are, since composefs' C writes what a dumpfile says.  Not those of
	 * directories, nor of version 2's whiteouts. */
	CFS_EROFS_READ_INFO = 1,
};

/*
 * Reads @image into a new, finished tree; what the writer added (stubs,
 * marks of whiteouts, overlay's own xattrs) is taken away again.
 * *@ret_version (may be NULL): the image's version, 0, 1 or 2.
 *
 * Errors: -EBADMSG, worded, for what is no composefs image or not a sane one;
 * -EFBIG over CFS_EROFS_IMAGE_MAX; -ENOMEM.
 */
int cfs_erofs_read(struct cfs_bytes image, unsigned flags,
		   struct cfs_tree **ret, unsigned *ret_version,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5)));

/*
 * What an image says of an inode besides what is in the tree, as it stands
 * there: composefs-info prints it.
 */
struct cfs_erofs_detail {
	uint64_t size; /* of directories too */
	/* The user's attributes in the order of the disk, shared ones last;
	 * what marks whiteouts and their directories is among them. */
	uint32_t n;
	const struct cfs_xattr *xattrs[];
};

/*
 * cfs_erofs_read() with CFS_EROFS_READ_INFO, and *@ret_details by the seq of
 * inodes (of a CFS_NODE_LINK it is NULL); it belongs to the tree.
 */
int cfs_erofs_read_details(struct cfs_bytes image, struct cfs_tree **ret,
			   unsigned *ret_version,
			   const struct cfs_erofs_detail ***ret_details,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Calls @found for every object that @image needs, in no particular order,
 * perhaps more than once.  @alg: what the objects are; then every backing path
 * has to be the object's.  0: either, and other paths do not count.
 * @found returns 0 or an error, which ends the search.
 * Errors: as above, also for an object of the other algorithm.
 */
int cfs_erofs_objects(struct cfs_bytes image, enum cfs_alg alg,
		      int (*found)(void *ctx, const struct cfs_digest *digest,
				   struct cfs_err *err),
		      void *ctx, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5)));

#endif
