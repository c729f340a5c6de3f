/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads single files of an image (erofs/format.h), in any order, without making
 * a tree of it: opening an image takes as long for a million files as for one.
 *
 * Everything that is read is checked by itself, and every call takes a time
 * that the size of what it reads bounds.  What only a walk over the whole image
 * can tell is not checked (cfs_erofs_read() does that): no two names may lead
 * to one directory, link counts may be wrong, and names out of order are not
 * found.
 *
 * A view does not change after it was opened; any number of threads may use it.
 * Errors of all calls are -EBADMSG, and what their comments add.
 *
 * Source: linux fs/erofs; fs/overlayfs for what becomes of xattrs.
 */
#ifndef CFS_EROFS_VIEW_H
#define CFS_EROFS_VIEW_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/own.h"
#include "erofs/format.h"
#include "tree/node.h"

struct cfs_erofs_view;

/* Opens the image @image, which must stay as it is until cfs_erofs_view_free().
 * Errors: also -EFBIG for an image over CFS_EROFS_IMAGE_MAX, -ENOMEM. */
int cfs_erofs_view_new(struct cfs_bytes image, struct cfs_erofs_view **ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_erofs_view_free(struct cfs_erofs_view *view);
CFS_DEFINE_AUTO(struct cfs_erofs_view, cfs_erofs_view_free);

/* Returns the nid of the root directory. */
uint64_t cfs_erofs_view_root(const struct cfs_erofs_view *view) CFS_NONNULL;

/* Returns the number of inodes, as the superblock states it. */
uint64_t cfs_erofs_view_inodes(const struct cfs_erofs_view *view) CFS_NONNULL;

/* Returns whether inodes may have POSIX ACLs; version 2 does not say. */
bool cfs_erofs_view_has_acls(const struct cfs_erofs_view *view) CFS_NONNULL;

/* An inode as it is on disk. */
struct cfs_erofs_stat {
	uint64_t nid;
	enum cfs_erofs_layout layout; /* CFS_EROFS_CHUNKS: an external file */
	uint32_t mode, nlink, uid, gid;
	uint64_t size; /* in bytes */
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	uint32_t u;		 /* of a device: its number */
	struct cfs_bytes xattrs; /* with their header; or empty */
	struct cfs_bytes tail;	 /* data or chunk index behind the xattrs */
	struct cfs_bytes blocks; /* data in blocks, without padding */
};

/* Reads inode @nid, which may be any number. */
int cfs_erofs_view_stat(const struct cfs_erofs_view *view, uint64_t nid,
			struct cfs_erofs_stat *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds @name in the directory @dir.  A whiteout is not found, because
 * overlayfs shows none.
 * Returns 1 with the inode in *@ret, or 0 if @name is not there.
 * Errors: also -ENOTDIR.
 */
int cfs_erofs_view_find(const struct cfs_erofs_view *view,
			const struct cfs_erofs_stat *dir, struct cfs_bytes name,
			struct cfs_erofs_stat *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A directory entry. */
struct cfs_erofs_entry {
	struct cfs_bytes name;	  /* without '/' and NUL; in the image */
	struct cfs_erofs_stat st; /* of its inode */
	uint64_t next;		  /* position of the entry behind it */
};

/*
 * Passes the entries of directory @dir, from position @pos on, to @found: "."
 * and ".." are among them, whiteouts are not.  @pos: 0, or the next of an entry
 * passed before.  @found returns 0, or what ends the walk and is returned.
 * Errors: also -ENOTDIR, those of @found.
 */
typedef int cfs_erofs_entry_fn(void *ctx, const struct cfs_erofs_entry *entry,
			       struct cfs_err *err);
int cfs_erofs_view_list(const struct cfs_erofs_view *view,
			const struct cfs_erofs_stat *dir, uint64_t pos,
			cfs_erofs_entry_fn *found, void *ctx,
			struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4, 6)));

/*
 * Passes the xattrs of @st to @found that a mount of the image shows, with the
 * names that it shows.  Key and value are valid during the call.
 * @found returns 0, or what ends the walk and is returned.
 * Errors: also those of @found.
 */
typedef int cfs_erofs_view_xattr_fn(void *ctx, const char *key,
				    struct cfs_bytes value,
				    struct cfs_err *err);
int cfs_erofs_view_xattrs(const struct cfs_erofs_view *view,
			  const struct cfs_erofs_stat *st,
			  cfs_erofs_view_xattr_fn *found, void *ctx,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5)));

/* Where the contents of an external file are. */
struct cfs_erofs_backing {
	struct cfs_bytes path; /* below the directory of objects; empty: the
				  object's own; in the image */
	bool has_digest;
	struct cfs_digest digest; /* that the contents must have */
};

/* Sets *@ret to the backing of the external file @st.
 * Errors: also -EINVAL, if @st is none. */
int cfs_erofs_view_backing(const struct cfs_erofs_view *view,
			   const struct cfs_erofs_stat *st,
			   struct cfs_erofs_backing *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fills in *@ret, the value of an xattr overlay.metacopy for a file with
 * contents of the digest @digest.  Returns its length in bytes. */
size_t cfs_erofs_metacopy_of(const struct cfs_digest *digest,
			     struct cfs_erofs_metacopy *ret) CFS_NONNULL;

#endif
