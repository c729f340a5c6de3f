/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An entry of a tar archive: a header, and what extension headers before it
 * say instead.  Pure: tree/tar/reader.h feeds it.
 *
 * Source: POSIX.1-2017 pax; GNU tar manual, appendix "Tar Internals"; star(5)
 * for SCHILY.xattr.  Where composefs-rs' reader (tar-core 0.1.0) takes an
 * archive, entries are the same here, so that digests agree:
 * - A name comes from the PAX record "path", else from an L header, else from
 *   the header itself; a link target from "linkpath", K or the header.
 * - The PAX records path, linkpath, size, uid, gid, mtime and SCHILY.xattr.*
 *   count, of each key the last one.  Global headers do not.
 * - The content of anything but a regular file has no meaning.
 * - The mode is the low 12 bits of its field.
 */
#ifndef CFS_TREE_TAR_ENTRY_H
#define CFS_TREE_TAR_ENTRY_H

#include "base/vec.h"
#include "tree/node.h"
#include "tree/tar/header.h"
#include "tree/tar/path.h"
#include "tree/tar/sparse.h"

/* Data of the extension headers of one entry, in bytes; tar-core's limit. */
#define CFS_TAR_EXTENSION_MAX (1u << 20)
/* All xattrs of an entry as EROFS keeps them, each rounded up to four bytes.
 * Source: linux fs/erofs/erofs_fs.h, xattr_icount has 16 bits. */
#define CFS_TAR_XATTR_BYTES_MAX (12 + 4 * (UINT16_MAX - 1))

struct cfs_tar_xattr {
	struct cfs_bytes name, value;
};

struct cfs_tar_entry {
	uint64_t offset; /* of its own header in the archive, bytes */
	/* Bytes of the archive before the content that are not content of an
	 * external file.  Of external entries only. */
	uint64_t raw_before;
	struct cfs_bytes path; /* as cfs_tar_path() makes it; empty: the root */
	/* Symlink: the target as it is written, never empty.  Hard link: the
	 * path it is another name of, as cfs_tar_path() makes it. */
	struct cfs_bytes link;
	const struct cfs_tar_xattr *xattrs; /* by name, ascending, unique */
	size_t n_xattrs;
	/* Not NULL: the content is that of a file with holes in it. */
	const struct cfs_tar_sparse *sparse;
	uint64_t size; /* of the content in the archive, bytes */
	/* Of a regular file that is not external: @size bytes. */
	struct cfs_bytes content;
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	uint32_t mode; /* with the type (S_IFMT), which hard links have not */
	uint32_t uid, gid;
	uint32_t rdev; /* Linux encoding, as glibc's makedev */
	bool is_hardlink;
	bool is_external; /* regular file, @size over CFS_INLINE_FROM_DISK */
};

/* Puts "entry 'PATH' at offset N" before the message.  Returns its code. */
int cfs_tar_entry_ctx(const struct cfs_tar_entry *entry,
		      struct cfs_err *err) CFS_NONNULL;

/*
 * The extension headers read since the last entry, and the memory that the next
 * one borrows from.  Zero-initialise.
 */
struct cfs_tar_pending {
	struct cfs_buf pax, name, link; /* owned; data of x, L and K headers */
	bool has_pax, has_name, has_link;
	CFS_VEC(struct cfs_tar_xattr) xattrs;
	struct cfs_tar_sparse sparse;
	uint8_t joined[256]; /* a header's prefix, slash and name */
	uint8_t path[CFS_TAR_PATH_MAX];
	uint8_t target[CFS_TAR_PATH_MAX];
};

void cfs_tar_pending_free(struct cfs_tar_pending *pending);

/* Empties @pending but keeps its memory. */
void cfs_tar_pending_reset(struct cfs_tar_pending *pending) CFS_NONNULL;

/* Is anything waiting for its entry? */
bool cfs_tar_pending_any(const struct cfs_tar_pending *pending) CFS_NONNULL;

/*
 * Is @header an extension header of the next entry?  Returns 1 with *@ret,
 * where its data is to be appended, or 0.
 * Errors: -EINVAL (a second one of its type, a negative size), -E2BIG (over
 * CFS_TAR_EXTENSION_MAX).
 */
int cfs_tar_pending_take(struct cfs_tar_pending *pending,
			 const struct cfs_tar_header *header,
			 struct cfs_buf **ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the entry of @header, parsed from @block, and of what is pending.
 * *@ret borrows from @pending until that is reset; on failure its path is as it
 * is written and may borrow from @block; @offset is copied to it, content and
 * raw_before are left empty.  Whether the map of a sparse file makes sense is
 * for cfs_tar_sparse_check() to say.
 *
 * Returns 1 when blocks of the map of a sparse file follow the header, else 0.
 * Errors: -EINVAL, -ENOTSUP (a type that is not known), -ENAMETOOLONG, -ELOOP,
 * -E2BIG, -ERANGE, -EFBIG, -ENOMEM.
 */
int cfs_tar_entry_make(struct cfs_tar_pending *pending,
		       const struct cfs_tar_header *header,
		       const uint8_t block[static CFS_TAR_BLOCK],
		       uint64_t offset, struct cfs_tar_entry *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
