/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Verifying the signature of an image against trusted certificates. */
#ifndef CFS_OPS_VERIFY_H
#define CFS_OPS_VERIFY_H

#include "ops/signature.h"

struct cfs_verify_params {
	const struct cfs_certs *certs; /* that are trusted */
	bool check_expiry;	       /* refuse an expired certificate */
};

/* Filled in as far as it gets, also on failure.  Zero-initialise it. */
struct cfs_verify_result {
	bool is_image;		    /* its bytes are what its digest names */
	struct cfs_signers signers; /* as the signature has them */
	/* Below: if it is verified. */
	unsigned cert;		   /* index of the one that vouches for it */
	struct cfs_cert_info info; /* of that */
};

/*
 * Verifies the image @id, which the user calls @name.
 * Errors: -ENODATA no signature; -ENOKEY by none of the certificates, or none
 * was given; -EKEYEXPIRED; -EBADMSG the image or the signature is not right;
 * those of cfs_signature_verify().
 */
int cfs_verify_image(const struct cfs_repo *repo, const struct cfs_digest *id,
		     const char *name, const struct cfs_verify_params *params,
		     struct cfs_verify_result *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
