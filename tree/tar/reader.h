/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads a tar archive, a layer of an OCI image above all, entry by entry from
 * front to back, and loses no byte of it: what is not the content of an
 * external file goes to a sink as it stands, so that the archive can be put
 * together again bit for bit.
 *
 * The reader is strict: an archive that is not understood is refused, with the
 * path and the byte offset of the entry in the message.  What it does not
 * know is how entries make a tree: tree/tar/merge.h.
 *
 * An archive ends with two zero blocks, or without any at the end of the
 * source; a lone zero block between entries means nothing.  Whatever follows
 * the end is kept and not looked at.
 *
 * Limits: the constants below and in path.h, entry.h and sparse.h.  An entry
 * has one extension header of each type (x, L, K) at most, which is stricter
 * than tar-core's limit of 16 in all.
 */
#ifndef CFS_TREE_TAR_READER_H
#define CFS_TREE_TAR_READER_H

#include "base/own.h"
#include "base/sink.h"
#include "base/source.h"
#include "tree/tar/entry.h"

/* Entries of an archive, and data of all its x, L and K headers in bytes: what
 * bounds the memory of the tree that is made of it. */
#define CFS_TAR_ENTRIES_MAX    (1u << 22)
#define CFS_TAR_EXTENSIONS_MAX (1u << 30)
/* Bytes that are asked of the source at once, and the memory of a reader. */
#define CFS_TAR_BUFFER (128u << 10)

struct cfs_tar;

enum cfs_tar_flags {
	/* The source has what such a reader gave to its sink: contents of
	 * external files are elsewhere, not between the other bytes. */
	CFS_TAR_SPLIT = 1,
};

/*
 * @source, @raw: borrowed until cfs_tar_free().
 * @raw (may be NULL): gets every byte of the archive, in order, but for the
 *   contents of external files: headers, paddings, contents of up to
 *   CFS_INLINE_FROM_DISK bytes or of anything that is no regular file, and all
 *   from the end of the archive to the end of @source.
 * Errors: -ENOMEM.
 */
int cfs_tar_new(const struct cfs_source *source, const struct cfs_sink *raw,
		unsigned flags, struct cfs_tar **ret,
		struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));
void cfs_tar_free(struct cfs_tar *tar);
CFS_DEFINE_AUTO(struct cfs_tar, cfs_tar_free);

/*
 * Goes to the next entry; what is left of the content of the one before is
 * skipped.  When *@ret is external, all that precedes its content is with
 * @raw; when 0 is returned, all is.
 *
 * Returns 1 with *@ret, valid until the next call, or 0 at the end.
 * Errors, all final: -EINVAL (malformed, or cut short), -ENOTSUP (a type that
 * is not known), -ENFILE (over CFS_TAR_ENTRIES_MAX), -E2BIG (over
 * CFS_TAR_EXTENSIONS_MAX), those of cfs_tar_pending_take(),
 * cfs_tar_entry_make(), cfs_tar_sparse_check() and cfs_tar_sparse_count(), of
 * the source and of @raw.
 */
int cfs_tar_next(struct cfs_tar *tar, const struct cfs_tar_entry **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the next @len bytes of the content of the external entry, or all that
 * are left.  A reader of CFS_TAR_SPLIT has none.
 * Returns their number, 0 at its end.
 * Errors: -EINVAL when the archive ends before, those of the source.
 */
ssize_t cfs_tar_read(struct cfs_tar *tar, void *data, size_t len,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A source that gives what cfs_tar_read() does, of each entry in its turn. */
struct cfs_source cfs_tar_content(struct cfs_tar *tar) CFS_NONNULL;

#endif
