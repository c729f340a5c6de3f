/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_ORIGIN_FILES_ORIGIN_H
#define CFS_OCI_ORIGIN_FILES_ORIGIN_H

#include "oci/origin/files.h"
#include "oci/origin/origin_ops.h"

/* An origin that is files by name: a layout, or the directory format. */
struct cfs_files_origin {
	struct cfs_origin origin;
	struct cfs_files files; /* owned */
};

/*
 * Makes an origin of the kind @ops of @files, which it takes over; also when it
 * fails.  @place: copied.  Errors: -ENOMEM.
 */
int cfs_files_origin_new(const struct cfs_origin_ops *ops,
			 struct cfs_files *files, const char *place,
			 struct cfs_files_origin **ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The free of struct cfs_origin_ops. */
void cfs_files_origin_free(struct cfs_origin *origin);

/* The files of an origin that was made by cfs_files_origin_new(). */
const struct cfs_files *cfs_files_origin_files(const struct cfs_origin *origin)
	CFS_NONNULL;

/* Appends the file @name, at most CFS_OCI_JSON_MAX bytes, to @ret.
 * Errors: -ENOENT, those of cfs_files_read(). */
int cfs_files_origin_document(const struct cfs_origin *origin, const char *name,
			      struct cfs_buf *ret,
			      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
