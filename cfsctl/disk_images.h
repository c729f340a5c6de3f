/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images that are named for a disk: EROFS images, and OCI images to boot. */
#ifndef CFS_CFSCTL_DISK_IMAGES_H
#define CFS_CFSCTL_DISK_IMAGES_H

#include "cfsctl/trust.h"

/*
 * Finds the EROFS image that @name means: as cmd_find_image() does, or the one
 * to boot of an OCI image.  Of an OCI image that has to be signed it is the one
 * that was signed; with --require-signature there is nothing else to find.
 * Errors: those of cmd_find_image() and cmd_trust_check().
 */
int cmd_disk_find(const struct cfs_trust *trust, const struct cfs_repo *repo,
		  const char *name, struct cfs_digest *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes sure that all tagged OCI images satisfy the policy.
 * Errors: of cmd_trust_check(). */
int cmd_disk_check_all(const struct cfs_trust *trust,
		       const struct cfs_repo *repo,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
