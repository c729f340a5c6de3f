/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What stands where in an image: for saying what makes two differ.
 */
#ifndef CFS_EROFS_LOCATE_H
#define CFS_EROFS_LOCATE_H

#include "base/bytes.h"
#include "tree/node.h"

/* A field at the beginning of an image; little-endian if size is 8 or less. */
struct cfs_erofs_field {
	const char *name;
	uint16_t off, size; /* bytes */
};

/* Header, gap and superblock without a hole, up to CFS_EROFS_INODES_START, in
 * order of offsets; *@ret_n of them. */
const struct cfs_erofs_field *cfs_erofs_fields(size_t *ret_n) CFS_NONNULL;

enum cfs_erofs_part {
	CFS_EROFS_PART_NONE,   /* padding, or nothing the tree refers to */
	CFS_EROFS_PART_HEAD,   /* field says which */
	CFS_EROFS_PART_INODE,  /* likewise */
	CFS_EROFS_PART_XATTRS, /* in the inode */
	CFS_EROFS_PART_SHARED, /* xattrs of several inodes */
	CFS_EROFS_PART_CHUNKS, /* that say that content is elsewhere */
	CFS_EROFS_PART_DATA,   /* content, target or directory entries */
};

struct cfs_erofs_place {
	uint64_t off; /* bytes; what is asked for */
	enum cfs_erofs_part part;
	const char *field; /* static, or NULL */
	/* Of what belongs to an inode, but for the object directories' stubs:
	 * its path as of cfs_node_name(). */
	uint64_t nid;
	uint32_t mode;
	char name[CFS_NODE_NAME_MAX]; /* "": none */
};

/*
 * Finds out what has byte @off of @image, which cfs_erofs_read() accepts with
 * CFS_EROFS_READ_INFO.
 * Errors: -ENOMEM; -EBADMSG as cfs_erofs_read().
 */
int cfs_erofs_locate(struct cfs_bytes image, uint64_t off,
		     struct cfs_erofs_place *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
