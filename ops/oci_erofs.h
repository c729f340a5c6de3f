/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The EROFS image that is used of an OCI image, and its digest. */
#ifndef CFS_OPS_OCI_EROFS_H
#define CFS_OPS_OCI_EROFS_H

#include "oci/tree.h"
#include "ops/access.h"
#include "ops/trust.h"

/*
 * Finds the EROFS image that the configuration of @image refers to: of the
 * repository's own format, else of the other one; with the default xattrs, else
 * with user.* as well.  @role: CFS_SEAL_MERGED or CFS_SEAL_BOOTABLE.
 * Errors: -ENOENT there is none.
 */
int cfs_oci_linked_erofs(const struct cfs_repo *repo,
			 const struct cfs_oci_image *image,
			 enum cfs_seal_role role, struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds the EROFS image to use where signatures were demanded: the one that was
 * signed, whichever images the configuration refers to.
 *
 * @proof: proof->n is not 0.
 * Errors: -ENOENT the repository lacks that image; -EPERM its files are not
 * under fs-verity, and @access->flags lack CFS_ACCESS_INSECURE; -EBADMSG.
 */
int cfs_oci_signed_erofs(const struct cfs_access *access,
			 const struct cfs_repo *repo,
			 const struct cfs_proof *proof, struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds the EROFS image to use: that of cfs_oci_signed_erofs() if signatures
 * were demanded, else that of cfs_oci_linked_erofs().
 * Errors: those of the two.
 */
int cfs_oci_used_erofs(const struct cfs_access *access,
		       const struct cfs_trust_subject *subject,
		       const struct cfs_proof *proof, struct cfs_digest *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Computes the digest of the EROFS image that @options make of @image, of the
 * repository's own format, and stores nothing.
 * Errors: of cfs_oci_image_tree() and cfs_image_compute().
 */
int cfs_oci_erofs_compute(const struct cfs_repo *repo,
			  const struct cfs_oci_image *image,
			  const struct cfs_oci_tree_options *options,
			  struct cfs_digest *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
