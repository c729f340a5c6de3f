/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * References to images: "PATH", "PATH:TAG", "NAME@sha256:HEX".
 */
#ifndef CFS_OCI_ORIGIN_REFERENCE_H
#define CFS_OCI_ORIGIN_REFERENCE_H

#include <stdbool.h>

#include "oci/id.h"

/* Owned; zero-initialise, and release with cfs_oci_reference_free(). */
struct cfs_oci_reference {
	char *path;
	char *tag; /* NULL: none */
	bool has_id;
	struct cfs_oci_id id;
};

void cfs_oci_reference_free(struct cfs_oci_reference *ref);

#define CFS_AUTOREFERENCE __attribute__((cleanup(cfs_oci_reference_free)))

/*
 * Splits @text into a path in the file system and what follows it; see
 * cfs_origin_open_with() for where.  Looks at the file system, and takes the
 * likeliest path when nothing has any of those that are possible.
 * Errors: -EINVAL (no path, an empty tag, a malformed digest), -EOPNOTSUPP (an
 * unknown algorithm), -ENOMEM.
 */
int cfs_oci_reference_split(const char *text, struct cfs_oci_reference *ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Splits the name of an image in a registry, "HOST:PORT/NAME[:TAG][@DIGEST]".
 * Pure.  A tag beside a digest is kept, and does not count.
 * Errors: as above.
 */
int cfs_oci_reference_name(const char *text, struct cfs_oci_reference *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
