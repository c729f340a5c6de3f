/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Makes the artifact that seals an image: entries for its manifest, its
 * configuration, its merged EROFS image and, where that is known, the bootable
 * one, signed or with digests only.
 */
#ifndef CFS_OCI_SEAL_MAKE_H
#define CFS_OCI_SEAL_MAKE_H

#include "keys/sign.h"
#include "oci/seal/artifact.h"
#include "oci/seal/facts.h"

/* A signature for each role; those of length 0 are no signatures. */
struct cfs_seal_blobs {
	struct cfs_buf v[CFS_SEAL_ROLES]; /* owned */
};

void cfs_seal_blobs_free(struct cfs_seal_blobs *blobs);

#define CFS_AUTOSEALBLOBS __attribute__((cleanup(cfs_seal_blobs_free)))

/* Is there an entry of @role in the artifact of @facts? */
bool cfs_seal_makes(const struct cfs_seal_facts *facts,
		    enum cfs_seal_role role) CFS_NONNULL;

/*
 * Signs every digest that the artifact will have, and puts the signature into
 * the one that @blobs already has (cfs_sign()).
 * Returns 1, or 0 if the signer had signed everything before.
 * Errors: see cfs_sign(), worded with the role.
 */
int cfs_seal_sign(const struct cfs_seal_facts *facts,
		  const struct cfs_signing *signing,
		  struct cfs_seal_blobs *blobs,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the artifact of @facts and @blobs and appends its manifest to @text.
 * *@ret (which gets what the manifest says) and @text depend on them alone.
 * Errors: -EINVAL manifest, configuration or merged image are not known, or
 * some of its digests are signed and others are not; -ENOMEM, of hashing.
 */
int cfs_seal_make(const struct cfs_seal_facts *facts,
		  const struct cfs_seal_blobs *blobs,
		  struct cfs_seal_artifact *ret, struct cfs_buf *text,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
