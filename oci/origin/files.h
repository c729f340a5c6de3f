/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Files by name, in a directory or in a tar archive.
 */
#ifndef CFS_OCI_ORIGIN_FILES_H
#define CFS_OCI_ORIGIN_FILES_H

#include "oci/origin.h"
#include "oci/origin/archive.h"

struct cfs_files {
	int fd;			     /* owned; a directory, or the archive */
	struct cfs_archive *archive; /* owned; NULL: a directory */
};

#define CFS_FILES_INIT       \
	{                    \
		.fd = -EBADF \
	}

void cfs_files_close(struct cfs_files *files);

#define CFS_AUTOFILES __attribute__((cleanup(cfs_files_close)))

/* Opens the directory @path.  Errors: -ENOENT, -ENOTDIR, ... */
int cfs_files_open_dir(const char *path, struct cfs_files *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Opens the archive @path.  Errors: -ENOENT, -EISDIR, -EINVAL (not a regular
 * file), ..., those of cfs_archive_read(). */
int cfs_files_open_archive(const char *path, struct cfs_files *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the regular file @name, without following a link out of the directory.
 * Returns 1 with *@ret, or 0 when there is none.
 * Errors: -EINVAL (not a regular file), -EXDEV, ...
 */
int cfs_files_get(const struct cfs_files *files, const char *name,
		  struct cfs_oci_blob *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Appends the content of @name to @ret.  Returns 1, or 0 when there is no such
 * file.  Errors: -EFBIG (over @max bytes), those of cfs_files_get(). */
int cfs_files_read(const struct cfs_files *files, const char *name, size_t max,
		   struct cfs_buf *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
