/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verification of an image as a member of replies, "verification", and read
 * back into the record that it was written from. */
#ifndef CFS_VARLINK_VERIFICATION_H
#define CFS_VARLINK_VERIFICATION_H

#include "oci/seal/verify.h"
#include "varlink/client.h"

/* Writes it. @manifest: the digest of the image's manifest. */
void cfs_varlink_write_verification(const struct cfs_seal_verification *v,
				    const struct cfs_oci_id *manifest,
				    struct cfs_json_writer *w) CFS_NONNULL;

/*
 * Reads it from a reply into *@ret, which is empty before and is to be freed
 * also after a failure: what the artifacts are, the verdicts about them and, of
 * facts, the digests of the EROFS images.  *@ret_manifest: the digest of the
 * manifest.  @n_certs: of the certificates that the service was given.
 * Errors: -EBADMSG it is none, or says that more was verified than it shows;
 * -ENOMEM.
 */
int cfs_varlink_read_verification(
	const struct cfs_varlink_answer *answer, unsigned n_certs,
	struct cfs_seal_verification *ret, struct cfs_oci_id *ret_manifest,
	struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
