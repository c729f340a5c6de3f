/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_CFSCTL_OCI_SIGNED_IMAGE_H
#define CFS_CFSCTL_OCI_SIGNED_IMAGE_H

#include "cfsctl/trust.h"

/*
 * The EROFS image to use where signatures were demanded: the one that was
 * signed, whichever images the configuration's stream lists.  Prints how many
 * signatures were verified.
 *
 * @proof: proof->n is not 0.
 * Errors: -ENOENT the repository lacks that image; -EPERM its files are not
 * under fs-verity, and --insecure was not given; -EBADMSG.
 */
int cmd_oci_signed_image(const struct cfs_globals *g,
			 const struct cfs_repo *repo,
			 const struct cfs_proof *proof, struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
