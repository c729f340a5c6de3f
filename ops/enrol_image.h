/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Handing the signatures of an OCI image to the kernel: those of its manifest,
 * its configuration and its EROFS images, that passed verification.
 */
#ifndef CFS_OPS_ENROL_IMAGE_H
#define CFS_OPS_ENROL_IMAGE_H

#include "oci/seal/verify.h"
#include "ops/enrol.h"

struct cfs_enrolment {
	/* By role; CFS_SEAL_LAYER is not used. */
	struct cfs_enrolment_role {
		bool wanted; /* a signature of it passed */
		struct cfs_digest digest;
		struct cfs_buf der; /* owned; all signers in one blob */
		enum cfs_enrolled enrolled;
		struct cfs_err why_not; /* worded if it cannot be enrolled */
	} v[CFS_SEAL_ROLES];
};

void cfs_enrolment_free(struct cfs_enrolment *e);

#define CFS_AUTOENROLMENT __attribute__((cleanup(cfs_enrolment_free)))

/*
 * Adds to @e the signatures by @certs in every artifact that @v found verified,
 * and no others.  A file has room for one blob: where the kernel has a signature
 * of the object already, or one is kept for it in the repository, their signers
 * stay.
 * Why an object cannot be enrolled is no error, and is kept in its role.
 * Errors: -ENOMEM.
 */
int cfs_enrolment_add(struct cfs_enrolment *e, const struct cfs_repo *repo,
		      const struct cfs_seal_verification *v,
		      const struct cfs_certs *certs,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Hands all of them to the kernel (cfs_enrol()).  Each role gets its result.
 * Returns the number of those that the kernel does not have afterwards.
 */
unsigned cfs_enrolment_run(struct cfs_enrolment *e,
			   struct cfs_store *store) CFS_NONNULL;

#endif
