/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which of the images that the command line names is booted: the first that
 * is there.  There is no second chance for one that is there and wrong: a
 * damaged disk must not select an older image.
 */
#ifndef CFS_SETUP_ROOT_SELECT_H
#define CFS_SETUP_ROOT_SELECT_H

#include "setup-root/boot.h"

/*
 * Opens the first of @boot->candidates that the repository has, and measures
 * the descriptor it returns: what was measured is what is mounted.  A
 * repository of another algorithm does not have the image.  An insecure
 * candidate may lack fs-verity, but not have a different digest.  A good image
 * without the state directory that it needs makes room for a later one that has
 * its own.
 *
 * If [keys] require-signed is set, the image's digest must be signed by one of
 * the certificates of @boot->keys, in the signature kept with the file or in
 * signatures/<hex>.p7s.  cfs_pkcs7_check() checks that signature even when the
 * kernel let the file be opened; if the kernel checks signatures too, its
 * opening the file is a second opinion (CFS_PROOF_KERNEL).
 *
 * Sets each candidate's result.  Returns 1 with @boot->choice, or 0 when no
 * candidate is there; on error @boot->choice.index is the one that failed.
 * Errors: -EBADMSG the digest is wrong or missing, or the signature missing or
 * unusable for whatever reason; and those of cfs_repo_open_image().
 */
int cfs_select(struct cfs_boot *boot,
	       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
