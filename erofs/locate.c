/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/locate.h"

#include <string.h>

#include "erofs/read_image.h"

/* A field of a struct that begins at byte @start. */
#define AT(start, type, member)                            \
	{                                                  \
#member, (start) + offsetof(type, member), \
			sizeof(((type *)NULL)->member)     \
	}
#define HEADER(member) AT(0, struct cfs_erofs_header, member)
#define SUPER(member)  AT(CFS_EROFS_SUPER_START, struct cfs_erofs_super, member)

static const struct cfs_erofs_field head[] = {
	HEADER(magic),
	HEADER(version),
	HEADER(flags),
	HEADER(composefs_version),
	HEADER(unused),
	{ "gap", sizeof(struct cfs_erofs_header),
	  CFS_EROFS_SUPER_START - sizeof(struct cfs_erofs_header) },
	SUPER(magic),
	SUPER(checksum),
	SUPER(feature_compat),
	SUPER(blkszbits),
	SUPER(sb_extslots),
	SUPER(root_nid),
	SUPER(inos),
	SUPER(build_time),
	SUPER(build_time_nsec),
	SUPER(blocks),
	SUPER(meta_blkaddr),
	SUPER(xattr_blkaddr),
	SUPER(uuid),
	SUPER(volume_name),
	SUPER(feature_incompat),
	SUPER(available_compr_algs),
	SUPER(extra_devices),
	SUPER(devt_slotoff),
	SUPER(dirblkbits),
	SUPER(xattr_prefix_count),
	SUPER(xattr_prefix_start),
	SUPER(packed_nid),
	SUPER(xattr_filter_reserved),
	SUPER(reserved),
};

#define COMPACT(member)	 AT(0, struct cfs_erofs_compact, member)
#define EXTENDED(member) AT(0, struct cfs_erofs_extended, member)

static const struct cfs_erofs_field compact[] = {
	COMPACT(format), COMPACT(xattr_icount), COMPACT(mode),
	COMPACT(nlink),	 COMPACT(size),		COMPACT(reserved),
	COMPACT(u),	 COMPACT(ino),		COMPACT(uid),
	COMPACT(gid),	 COMPACT(reserved2),
};

static const struct cfs_erofs_field extended[] = {
	EXTENDED(format),    EXTENDED(xattr_icount), EXTENDED(mode),
	EXTENDED(reserved),  EXTENDED(size),	     EXTENDED(u),
	EXTENDED(ino),	     EXTENDED(uid),	     EXTENDED(gid),
	EXTENDED(mtime),     EXTENDED(mtime_nsec),   EXTENDED(nlink),
	EXTENDED(reserved2),
};

const struct cfs_erofs_field *cfs_erofs_fields(size_t *ret_n)
{
	*ret_n = CFS_ARRAY_SIZE(head);
	return head;
}

static const char *field_at(const struct cfs_erofs_field *fields, size_t n,
			    uint64_t off)
{
	for (size_t i = 0; i < n; i++) {
		if (off >= fields[i].off &&
		    off - fields[i].off < fields[i].size)
			return fields[i].name;
	}
	return NULL;
}

void cfs_erofs_find_head(struct cfs_erofs_place *place)
{
	place->field = field_at(head, CFS_ARRAY_SIZE(head), place->off);
	if (place->field)
		place->part = CFS_EROFS_PART_HEAD;
}

/* Returns whether @part, a slice of the image, contains the byte in
 * question. */
static bool holds(const struct cfs_erofs_image *image, struct cfs_bytes part)
{
	uint64_t start;

	if (part.len == 0)
		return false;
	start = (uint64_t)(part.data - image->bytes.data);
	return image->place->off >= start &&
	       image->place->off - start < part.len;
}

static enum cfs_erofs_part part_of(const struct cfs_erofs_image *image,
				   const struct cfs_erofs_stat *st)
{
	bool chunks = st->layout == CFS_EROFS_CHUNKS;

	if (holds(image, st->xattrs))
		return CFS_EROFS_PART_XATTRS;
	if (holds(image, st->tail))
		return chunks ? CFS_EROFS_PART_CHUNKS : CFS_EROFS_PART_DATA;
	return holds(image, st->blocks) ? CFS_EROFS_PART_DATA
					: CFS_EROFS_PART_NONE;
}

void cfs_erofs_find_inode(const struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st)
{
	uint64_t start = st->nid * CFS_EROFS_SLOT;
	struct cfs_erofs_place *place = image->place;
	enum cfs_erofs_part part = part_of(image, st);
	const char *field = NULL;

	if (part == CFS_EROFS_PART_NONE && place->off >= start) {
		uint64_t off = place->off - start;

		field = image->bytes.data[start] & CFS_EROFS_EXTENDED
				? field_at(extended, CFS_ARRAY_SIZE(extended),
					   off)
				: field_at(compact, CFS_ARRAY_SIZE(compact),
					   off);
		part = field ? CFS_EROFS_PART_INODE : part;
	}
	if (part == CFS_EROFS_PART_NONE)
		return;
	/* Version 2 has files without a chunk index: what seems to be one
	 * belongs to another inode. */
	if (part == CFS_EROFS_PART_CHUNKS && place->part)
		return;
	place->part = part;
	place->field = field;
	place->nid = st->nid;
	place->mode = st->mode;
}

void cfs_erofs_find_shared(const struct cfs_erofs_image *image,
			   struct cfs_bytes entry)
{
	if (holds(image, entry))
		image->place->part = CFS_EROFS_PART_SHARED;
}
