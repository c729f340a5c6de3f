/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The parts of an image that is being read, each checked as far as possible by
 * itself.  Private to the erofs room.  Errors are -EBADMSG and -ENOMEM.
 */
#ifndef CFS_EROFS_READ_IMAGE_H
#define CFS_EROFS_READ_IMAGE_H

#include "base/vec.h"
#include "erofs/format.h"
#include "erofs/reader.h"
#include "erofs/rules.h"
#include "erofs/view.h"

struct cfs_erofs_image {
	struct cfs_bytes bytes;		     /* borrowed */
	const struct cfs_erofs_rules *rules; /* of its version */
	uint32_t feature_compat;
	uint64_t root_nid;
	uint64_t inos;
	int64_t build_time;
	uint32_t build_time_nsec;
	uint64_t xattr_start; /* byte that references are counted from */
	/* Owned; a bit for each slot in use.  NULL: not kept. */
	uint8_t *used;
};

/* Checks header, superblock and size.  Errors: also -EFBIG for an image over
 * CFS_EROFS_IMAGE_MAX. */
int cfs_erofs_image_open(struct cfs_erofs_image *image, struct cfs_bytes bytes,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
/*
 * Like cfs_erofs_image_open(), but does not keep which slots are in use: inodes
 * can be read any number of times and by several threads, which do not change
 * @image.  That no byte belongs to two inodes is then not checked.
 */
int cfs_erofs_image_open_shared(struct cfs_erofs_image *image,
				struct cfs_bytes bytes,
				struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_erofs_image_close(struct cfs_erofs_image *image);

/*
 * Reads inode @nid and marks its slots and blocks as used.  Reading it again,
 * or an inode that overlaps it, is an error: no byte of an image may belong to
 * two inodes.
 */
int cfs_erofs_inode_read(struct cfs_erofs_image *image, uint64_t nid,
			 struct cfs_erofs_stat *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Marks the chunk index of inode @st as used, in a version whose rule is that
 * an index needs a digest.  There, cfs_erofs_inode_read() cannot do it, because
 * it takes the xattrs to know whether the inode has a chunk index at all.
 */
int cfs_erofs_chunks_take(struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Xattrs of the user: those in the table first. */
struct cfs_erofs_user_attrs {
	CFS_VEC(const struct cfs_xattr *);
};

/* The xattrs of an inode. */
struct cfs_erofs_attrs_read {
	struct cfs_erofs_user_attrs list;
	size_t shared; /* how many of these are in the table */
	bool has_metacopy, has_redirect;
	struct cfs_bytes metacopy, redirect;
	bool opaque; /* trusted.overlay.opaque=y */
};

/* The shared xattrs read so far, by reference. */
struct cfs_erofs_memo {
	struct cfs_table table;
	uint64_t bytes; /* of the image that they take */
};
void cfs_erofs_memo_init(struct cfs_erofs_memo *memo);

/*
 * Reads the xattrs of inode @st into @ret, whose list may be in use from an
 * earlier call.  Xattrs of the user are unescaped and added to @tree; metacopy
 * and redirect, which are the writer's, are set apart.
 */
int cfs_erofs_attrs_parse(const struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st,
			  struct cfs_tree *tree, struct cfs_erofs_memo *memo,
			  struct cfs_erofs_attrs_read *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Passes the xattrs of inode @st to @found, shared ones first: of those that
 * the writer added for overlayfs, the whole key; of the user's, the unescaped
 * key and @of_user set.  Key and value are valid during the call.  @found
 * returns 0, or what ends the walk and is returned.  Names are not compared
 * with the filter of names.
 * Errors: also those of @found.
 */
typedef int cfs_erofs_attr_fn(void *ctx, const char *key, bool of_user,
			      struct cfs_bytes value, struct cfs_err *err);
int cfs_erofs_attrs_each(const struct cfs_erofs_image *image,
			 const struct cfs_erofs_stat *st,
			 cfs_erofs_attr_fn *found, void *ctx,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5)));

/* Reads the digest in a value of trusted.overlay.metacopy, which must not be
 * empty. */
int cfs_erofs_metacopy_parse(struct cfs_bytes value, struct cfs_digest *ret,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Sets *@ret to the path below the directory of objects that a value of
 * trusted.overlay.redirect stands for.  Refuses "..", which overlayfs would
 * follow. */
int cfs_erofs_redirect_parse(struct cfs_bytes value, struct cfs_bytes *ret,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Walks the entries of a directory; see cfs_erofs_dir_open(). */
struct cfs_erofs_dir_read {
	const struct cfs_erofs_stat *st;
	uint64_t next;		/* the number of the block to be read next */
	struct cfs_bytes block; /* the current block */
	size_t at, n;		/* the next entry in it, and their number */
	struct cfs_bytes last;	/* the name before, for checking the order */
};

struct cfs_erofs_entry_read {
	uint64_t nid;
	uint8_t file_type;
	struct cfs_bytes name;
};

/* Begins to walk the directory @st, which must outlive @dir. */
void cfs_erofs_dir_open(struct cfs_erofs_dir_read *dir,
			const struct cfs_erofs_stat *st) CFS_NONNULL;

/* Returns 1 with the next entry, or 0 at the end. */
int cfs_erofs_dir_read(struct cfs_erofs_dir_read *dir,
		       struct cfs_erofs_entry_read *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns the position of the next entry, for cfs_erofs_dir_seek(); 0 is the
 * position of the first one. */
uint64_t cfs_erofs_dir_tell(const struct cfs_erofs_dir_read *dir) CFS_NONNULL;

/* Moves to position @pos, which may be any number: one that no entry has leads
 * to a later entry, or to the end. */
int cfs_erofs_dir_seek(struct cfs_erofs_dir_read *dir, uint64_t pos,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds @name in the directory @st by binary search, for which its names must
 * be in order: of others, some are not found.
 * Returns 1 with *@ret, or 0 if @name is not there.
 */
int cfs_erofs_dir_find(const struct cfs_erofs_stat *st, struct cfs_bytes name,
		       struct cfs_erofs_entry_read *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
