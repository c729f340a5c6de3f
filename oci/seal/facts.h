/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The fs-verity digests of an image, computed here from its own bytes: what is
 * sealed and signed, and what the claims of others are compared with.
 */
#ifndef CFS_OCI_SEAL_FACTS_H
#define CFS_OCI_SEAL_FACTS_H

#include "oci/manifest.h"
#include "oci/seal/key.h"

struct cfs_seal_facts {
	/* Media type, digest and size of the manifest. */
	struct cfs_oci_descriptor subject;
	enum cfs_alg alg; /* of all digests */
	/* By role; CFS_SEAL_LAYER is not used.  What is not known is not
	 * checked, and never counts as verified. */
	struct {
		bool known;
		struct cfs_digest digest;
	} role[CFS_SEAL_ROLES];
	bool recalled; /* EROFS images: computed earlier (memory.h) */
	/* EROFS images: the kernel vouched for the streams of all layers while
	 * they were computed, so they are those of the streams' digests. */
	bool measured;
	size_t n_layers; /* of the manifest */
	/* Borrowed; NULL: not known.  One of no algorithm (0): that layer has
	 * no image of its own. */
	const struct cfs_digest *layers;
};

/*
 * Starts with the manifest @manifest, whose digest is @id, and the
 * configuration @config.  The EROFS images are for the caller to add.
 * Errors: -EBADMSG @manifest is not what @id says, or @config not what
 * @manifest says; -EINVAL the image is no container; those of
 * cfs_oci_manifest_parse() and of hashing.
 */
int cfs_seal_facts_begin(const struct cfs_oci_id *id, struct cfs_bytes manifest,
			 struct cfs_bytes config, enum cfs_alg alg,
			 struct cfs_seal_facts *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Sets the digest of @role, which is of the algorithm of @facts. */
void cfs_seal_facts_set(struct cfs_seal_facts *facts, enum cfs_seal_role role,
			const struct cfs_digest *digest) CFS_NONNULL;

#endif
