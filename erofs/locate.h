/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finds out what a byte of an image belongs to, for explaining the first
 * difference between two images.
 */
#ifndef CFS_EROFS_LOCATE_H
#define CFS_EROFS_LOCATE_H

#include "base/bytes.h"
#include "tree/node.h"

/* A field of the header or superblock.  Fields of up to 8 bytes are
 * little-endian numbers. */
struct cfs_erofs_field {
	const char *name;
	uint16_t off, size; /* bytes */
};

/* Returns the fields from the start of an image up to CFS_EROFS_INODES_START,
 * in order and without holes, and sets *@ret_n to their number. */
const struct cfs_erofs_field *cfs_erofs_fields(size_t *ret_n) CFS_NONNULL;

enum cfs_erofs_part {
	CFS_EROFS_PART_NONE,   /* padding, or not referred to */
	CFS_EROFS_PART_HEAD,   /* header or superblock; see field */
	CFS_EROFS_PART_INODE,  /* an inode; see field */
	CFS_EROFS_PART_XATTRS, /* the xattrs of an inode */
	CFS_EROFS_PART_SHARED, /* the table of shared xattrs */
	CFS_EROFS_PART_CHUNKS, /* a chunk index */
	CFS_EROFS_PART_DATA,   /* contents, target or directory entries */
};

struct cfs_erofs_place {
	uint64_t off; /* the byte in question */
	enum cfs_erofs_part part;
	const char *field; /* static; NULL if the part has no fields */
	/* Set for bytes that belong to an inode; name is "" for stubs. */
	uint64_t nid;
	uint32_t mode;
	char name[CFS_NODE_NAME_MAX]; /* see cfs_node_name() */
};

/*
 * Finds out what byte @off of @image belongs to.
 * Errors: see cfs_erofs_read(), with CFS_EROFS_READ_INFO.
 */
int cfs_erofs_locate(struct cfs_bytes image, uint64_t off,
		     struct cfs_erofs_place *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
