/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The header that an index and a list begin with (repo/export/format.h). */
#ifndef CFS_REPO_EXPORT_HEADER_H
#define CFS_REPO_EXPORT_HEADER_H

#include "base/buf.h"
#include "repo/export/format.h"

/* Appends a header of the 8 bytes @magic to @out. */
void cfs_export_header_write(const char *magic, enum cfs_alg alg, size_t n,
			     struct cfs_buf *out) CFS_NONNULL;

/*
 * Reads the header of @bytes, which is to be of @magic and @alg.  Sets *@ret_n
 * to its number, and *@ret_rest to what follows.
 * Errors: -EBADMSG it is another file, or has over CFS_EXPORT_OBJECTS_MAX
 * objects; -EOPNOTSUPP it is of a newer version.
 */
int cfs_export_header_read(struct cfs_bytes bytes, const char *magic,
			   enum cfs_alg alg, uint32_t *ret_n,
			   struct cfs_bytes *ret_rest,
			   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 4, 5, 6)));

#endif
