/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Finds the image of the repository that an operand means. */
#ifndef CFS_REPO_FIND_H
#define CFS_REPO_FIND_H

#include "fsverity/digest.h"
#include "repo/open.h"

/* Hex digits that a shortened digest has at least. */
#define CFS_FIND_DIGITS_MIN 12

/*
 * Finds the image that @text names:
 *	NAME, refs/NAME		the name of an image
 *	HEX			its digest, 64 or 128 hex digits
 *	ALG:HEX			likewise, ALG being sha256 or sha512
 *	the first 12 digits or more of either form, if no other image of the
 *	repository has a digest that begins with them
 * What is both a name and the beginning of a digest is the name.
 *
 * Returns 1 with *@ret, or 0 when there is no such image.  A name can lead to
 * an image that does not exist.
 * Errors: -ENOTUNIQ several digests begin so (they are listed in @err),
 * -ENOENT @text is a digest of the other algorithm, those of cfs_ref_get().
 */
int cfs_image_find(const struct cfs_repo *repo, const char *text,
		   struct cfs_digest *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
