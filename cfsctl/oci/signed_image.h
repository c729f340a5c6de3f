/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_CFSCTL_OCI_SIGNED_IMAGE_H
#define CFS_CFSCTL_OCI_SIGNED_IMAGE_H

#include "cfsctl/trust.h"

/* cfs_oci_signed_erofs(), and prints how many signatures were verified. */
int cmd_oci_signed_image(const struct cfs_globals *g,
			 const struct cfs_repo *repo,
			 const struct cfs_proof *proof, struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
