/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Taking an image that was made elsewhere into a repository. */
#ifndef CFS_OPS_IMPORT_H
#define CFS_OPS_IMPORT_H

#include "repo/store.h"

/*
 * Stores the image that is read from @fd to its end, commits it and calls it
 * @name.  Only an image that a check of this repository would find to be sane
 * gets a name; the objects that it needs may be missing.
 *
 * @fd: stays the caller's; its position moves.
 * Errors: -EINVAL nothing was read, or no composefs image; -EFBIG longer than
 * an image can be; those of cfs_erofs_objects(), cfs_object_add_file() and
 * cfs_ref_set().
 */
int cfs_import_image(struct cfs_store *store, int fd, const char *name,
		     struct cfs_digest *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
