/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Names that people give to images.
 */
#ifndef CFS_REPO_NAME_H
#define CFS_REPO_NAME_H

#include "base/err.h"
#include "fsverity/digest.h"

#define CFS_REF_MAX	  4096 /* bytes of a name with its NUL */
#define CFS_REF_COMPONENT 255

/*
 * Is @name fit to be a path below images/refs?  Components are separated by
 * single slashes and are neither empty, ".", ".." nor over 255 bytes, nor do
 * they begin as our temporary files do.
 * Errors: -EINVAL, -ENAMETOOLONG, worded.
 */
int cfs_name_check(const char *name,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns @text behind "sha256:" or "sha512:", with that algorithm in *@ret; or
 * @text itself, with 0. */
const char *cfs_name_digits(const char *text, enum cfs_alg *ret) CFS_NONNULL;

/*
 * May an image be given the name @name?  cfs_name_check(), and commands must
 * not take it for something else: a digest (64 or 128 hex digits, or digits
 * with "sha256:" or "sha512:" in front), or the name behind "refs/".
 * Errors: -EINVAL, -ENAMETOOLONG, worded.
 */
int cfs_name_check_new(const char *name,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
