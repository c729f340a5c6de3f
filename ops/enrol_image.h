/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures of an OCI image's objects, that passed verification: of its
 * manifest, its configuration and its EROFS images.  They are kept beside the
 * objects (repo/signature.h), for disks, copies and programs that know no
 * artifacts, and handed to the kernel.
 */
#ifndef CFS_OPS_ENROL_IMAGE_H
#define CFS_OPS_ENROL_IMAGE_H

#include "oci/seal/verify.h"
#include "ops/enrol.h"

struct cfs_enrolment {
	/* Signers that signatures from before are not to name any more;
	 * borrowed, or NULL. */
	const struct cfs_certs *leaving;
	/* By role; CFS_SEAL_LAYER is not used. */
	struct cfs_enrolment_role {
		bool wanted; /* a signature of it passed */
		struct cfs_digest digest;
		/* Signatures, owned: all signers in one blob, for the
		 * repository and for the kernel. */
		struct cfs_buf kept, der;
		/* The kernel had a signature by a signer who is leaving: it
		 * still has, unless it is enrolled. */
		bool had_leaving;
		enum cfs_enrolled enrolled;
		struct cfs_err why_not; /* worded if it cannot be enrolled */
	} v[CFS_SEAL_ROLES];
};

void cfs_enrolment_free(struct cfs_enrolment *e);

#define CFS_AUTOENROLMENT __attribute__((cleanup(cfs_enrolment_free)))

/*
 * Adds to @e the signatures by @certs in every artifact that @v found verified,
 * and no others.  A file has room for one blob: where the kernel has a
 * signature of the object already, or one is kept for it in the repository,
 * their signers stay, except those who are leaving.  Why an object cannot be
 * enrolled is no error, and is kept in its role.
 * Errors: -ENOMEM, of reading and merging signatures that are kept.
 */
int cfs_enrolment_add(struct cfs_enrolment *e, const struct cfs_repo *repo,
		      const struct cfs_seal_verification *v,
		      const struct cfs_certs *certs,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes them to the signatures that are kept in the repository, of objects
 * that are there.  Signers who signed before stay, except those who are
 * leaving; a malformed signature is replaced.
 * Errors: of reading and writing files.
 */
int cfs_enrolment_keep(const struct cfs_enrolment *e, struct cfs_store *store,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Hands all of them to the kernel (cfs_enrol()).  Each role gets its result.
 * Returns the number of those that the kernel does not have afterwards.
 */
unsigned cfs_enrolment_run(struct cfs_enrolment *e,
			   struct cfs_store *store) CFS_NONNULL;

#endif
