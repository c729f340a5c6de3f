/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The findings of a check of OCI images (oci/fsck.h), kept. */
#ifndef CFS_OPS_OCI_FINDINGS_H
#define CFS_OPS_OCI_FINDINGS_H

#include "base/json_write.h"
#include "base/vec.h"
#include "oci/fsck.h"

struct cfs_kept_oci_finding; /* a copy of a struct cfs_oci_finding */

/* Zero-initialise it. */
struct cfs_oci_findings {
	CFS_VEC(struct cfs_kept_oci_finding); /* in the order of the check */
};

#define CFS_AUTOOCIFINDINGS __attribute__((cleanup(cfs_oci_findings_free)))
void cfs_oci_findings_free(struct cfs_oci_findings *findings);

/* Keeps a copy of @finding; the found() of struct cfs_oci_fsck_params, with
 * @arg a struct cfs_oci_findings. */
void cfs_oci_findings_add(void *arg,
			  const struct cfs_oci_finding *finding) CFS_NONNULL;

/* Finding @i, below findings->n, with everything it points to. */
struct cfs_oci_finding cfs_oci_findings_get(
	const struct cfs_oci_findings *findings, size_t i) CFS_NONNULL;

/* Checks that every finding was recorded.  Errors: -ENOMEM. */
int cfs_oci_findings_check(const struct cfs_oci_findings *findings,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the lines of cfs_oci_finding_word() as the array "errors". */
void cfs_oci_findings_write_lines(const struct cfs_oci_findings *findings,
				  struct cfs_json_writer *w) CFS_NONNULL;

#endif
