/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The parts of an image, checked as far as each can be by itself.  Private to
 * the erofs room; every error is -EBADMSG, but for memory.
 */
#ifndef CFS_EROFS_IMAGE_H
#define CFS_EROFS_IMAGE_H

#include "erofs/format.h"
#include "erofs/locate.h"
#include "erofs/reader.h"

struct cfs_erofs_image {
	struct cfs_bytes bytes; /* borrowed */
	unsigned version;
	uint32_t feature_compat;
	uint64_t root_nid;
	uint64_t inos;
	int64_t build_time;
	uint32_t build_time_nsec;
	uint64_t xattr_start; /* what shared xattrs are counted from, bytes */
	uint8_t *used;	      /* owned; a bit per slot that has an owner */
	struct cfs_erofs_place *place; /* borrowed; looked for, or NULL */
};

/* Checks header, superblock and size.  Errors: -EFBIG, -ENOMEM. */
int cfs_erofs_image_open(struct cfs_erofs_image *image, struct cfs_bytes bytes,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_erofs_image_close(struct cfs_erofs_image *image);

/* An inode as it stands on disk. */
struct cfs_erofs_stat {
	uint64_t nid;
	enum cfs_erofs_layout layout;
	uint32_t mode, nlink, uid, gid;
	uint64_t size;
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	uint32_t u;
	struct cfs_bytes xattrs; /* with header; empty: none */
	struct cfs_bytes tail;	 /* what stands behind them */
	struct cfs_bytes blocks; /* data blocks, cut to the size */
};

/*
 * Reads inode @nid.  Its bytes and blocks become used: reading it twice, or
 * one that overlaps it, is refused.
 */
int cfs_erofs_inode_read(struct cfs_erofs_image *image, uint64_t nid,
			 struct cfs_erofs_stat *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same for the chunks behind inode @st of version 2: the attributes alone
 * tell whether what stands there are chunks.
 */
int cfs_erofs_chunks_take(struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Note what is at image->place, which is set: if it is in the head, in the
 * inode @st, in the shared attribute @entry. */
void cfs_erofs_find_head(struct cfs_erofs_place *place) CFS_NONNULL;
void cfs_erofs_find_inode(const struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st) CFS_NONNULL;
void cfs_erofs_find_shared(const struct cfs_erofs_image *image,
			   struct cfs_bytes entry) CFS_NONNULL;

/* What the attributes of an inode say. */
struct cfs_erofs_attrs_read {
	struct cfs_buf list; /* struct cfs_xattr pointers: those of the user */
	size_t shared;	     /* so many of them are shared; they come first */
	bool has_metacopy, has_redirect;
	struct cfs_bytes metacopy, redirect;
	bool opaque; /* trusted.overlay.opaque=y */
};

/* Shared attributes that were read before, by what refers to them. */
struct cfs_erofs_memo {
	struct cfs_table table;
};
void cfs_erofs_memo_init(struct cfs_erofs_memo *memo);

int cfs_erofs_attrs_parse(const struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st,
			  struct cfs_tree *tree, struct cfs_erofs_memo *memo,
			  struct cfs_erofs_attrs_read *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A directory's entries, one after another; zero-initialise but for @st. */
struct cfs_erofs_dir_read {
	const struct cfs_erofs_stat *st;
	struct cfs_bytes rest; /* blocks that are still to come */
	bool in_tail;
	struct cfs_bytes block; /* this one */
	size_t at, n;		/* entry, of so many, in this block */
	struct cfs_bytes last;	/* name */
};

struct cfs_erofs_entry_read {
	uint64_t nid;
	uint8_t file_type;
	struct cfs_bytes name;
};

void cfs_erofs_dir_open(struct cfs_erofs_dir_read *dir,
			const struct cfs_erofs_stat *st) CFS_NONNULL;

/* Returns 1 with the next entry, or 0 at the end. */
int cfs_erofs_dir_read(struct cfs_erofs_dir_read *dir,
		       struct cfs_erofs_entry_read *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
