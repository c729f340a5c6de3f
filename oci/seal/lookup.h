/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The digests of an image for a reader of signatures, who verifies the same
 * image time and again. */
#ifndef CFS_OCI_SEAL_LOOKUP_H
#define CFS_OCI_SEAL_LOOKUP_H

#include "oci/image.h"
#include "oci/seal/facts.h"
#include "oci/seal/memory.h"

struct cfs_seal_lookup {
	bool bootable; /* also the digest of the image to boot */
	enum cfs_xattr_filter filter;
	/* Where digests are remembered; open only while
	 * cfs_seal_all_measured(), else they are computed. */
	const struct cfs_seal_memory *memory;
};

/*
 * Has the digests that cfs_seal_compute() computes.  Those of EROFS images are
 * taken from the memory if they were computed before, and kept there if not.
 * ret->recalled: they were in the memory.
 * Errors: those of cfs_seal_compute().
 */
int cfs_seal_look_up(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image,
		     const struct cfs_seal_lookup *how,
		     struct cfs_seal_facts *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
