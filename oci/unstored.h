/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_UNSTORED_H
#define CFS_OCI_UNSTORED_H

#include "oci/origin.h"
#include "oci/tree.h"

/*
 * The tree of an image that is read from its origin and stored nowhere: what
 * cfs_oci_image_tree() would make of it after a pull.
 * @alg: of the digests in it.
 *
 * The files of an SELinux policy, below /etc/selinux, are kept in memory up to
 * CFS_UNSTORED_POLICY_MAX bytes.
 * Errors: those of a pull and of these functions.
 */
#define CFS_UNSTORED_POLICY_MAX (64u << 20)
int cfs_oci_unstored_tree(struct cfs_origin *origin,
			  const struct cfs_oci_choice *choice, enum cfs_alg alg,
			  const struct cfs_oci_tree_options *options,
			  struct cfs_tree **ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
