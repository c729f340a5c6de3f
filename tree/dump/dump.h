/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * composefs dumpfiles: one line of text per file.
 *
 * Source: composefs man/composefs-dump.md (composefs-dump(5)).
 */
#ifndef CFS_TREE_DUMP_H
#define CFS_TREE_DUMP_H

#include "tree/node.h"

/* Longest line that is read, in bytes. */
#define CFS_DUMP_LINE_MAX (16u << 20)

enum cfs_dump_flags {
	/*
	 * Take what mkcomposefs takes: paths without or with more slashes, no
	 * newline at the end, a space before it, numbers with a plus, fields
	 * missing at the end, links to what comes later and to links, inline
	 * content up to 5000 bytes, symlinks up to 4095, backing paths that
	 * are no object paths and digests without one, an xattr given twice
	 * (the last counts).  NLINK is believed, and the entry without "@" is
	 * the inode, wherever it stands.
	 *
	 * Without it: content up to 512 bytes, symlinks up to 1024, a file
	 * with a digest is that object whatever its backing path says, and
	 * link counts and order are those of cfs_tree_finish().
	 */
	CFS_DUMP_LENIENT = 1,
};

/*
 * Reads a whole dumpfile into a new, finished tree.
 * Errors: -EINVAL and others, worded with the line's number; -ENOMEM.
 */
int cfs_dump_read(struct cfs_bytes text, unsigned flags, struct cfs_tree **ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The same from @fd's position to its end, holding a piece at a time. */
int cfs_dump_read_fd(int fd, unsigned flags, struct cfs_tree **ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends @tree (finished) to @out in canonical form: depth first, children
 * and xattrs by name, directories of size 0, every later name of an inode as
 * "PATH 0 @120000 - - - - 0.0 FIRST - -", short escapes for \\ \n \r \t and
 * \xHH for what is not printable ASCII.
 * Errors: -ENOMEM.
 */
int cfs_dump_write(const struct cfs_tree *tree, struct cfs_buf *out,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Does the same for @top and what is below it; the first name of an inode there
 * has its line.
 * Errors: -ENOMEM.
 */
int cfs_dump_write_below(const struct cfs_tree *tree, struct cfs_node *top,
			 struct cfs_buf *out,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

enum cfs_dump_escapes {
	CFS_DUMP_ESCAPE_EQUALS = 1, /* also "=", as in xattrs */
	CFS_DUMP_KEEP_SPACES = 2,
};

/*
 * Appends @text as a field has it: short escapes, \xHH for what is not
 * printable ASCII and for spaces.  @how: CFS_DUMP_ESCAPE_EQUALS, ...
 */
void cfs_dump_escape(struct cfs_buf *out, struct cfs_bytes text,
		     unsigned how) CFS_NONNULL;

/* Appends a space and the field @data, "-" for NULL, which says that it is not
 * set. */
void cfs_dump_optional(struct cfs_buf *out, const void *data, size_t len)
	__attribute__((nonnull(1)));

#endif
