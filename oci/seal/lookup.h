/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The digests of an image for a reader of signatures, who verifies the same
 * image time and again. */
#ifndef CFS_OCI_SEAL_LOOKUP_H
#define CFS_OCI_SEAL_LOOKUP_H

#include "oci/image.h"
#include "oci/seal/facts.h"

struct cfs_seal_lookup {
	bool bootable; /* also the digest of the image to boot */
	enum cfs_xattr_filter filter;
	bool recompute; /* the memory (oci/seal/memory.h) is not used */
	/* The directory that the memory lies in; NULL: that of this user. */
	const char *place;
};

/*
 * Has the digests that cfs_seal_compute() computes.  Those of EROFS images are
 * taken from the memory if they were computed before, and kept there if not;
 * but only where fs-verity has the streams of all layers, so that the kernel
 * says whether they are still what they were.  ret->recalled: they were in the
 * memory.
 * Errors: those of cfs_seal_compute().
 */
int cfs_seal_look_up(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image,
		     const struct cfs_seal_lookup *how,
		     struct cfs_seal_facts *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
