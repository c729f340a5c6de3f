/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signing an image: with keys, or with a signature that was made elsewhere. */
#ifndef CFS_OPS_SIGN_H
#define CFS_OPS_SIGN_H

#include "keys/sign.h"
#include "ops/enrol.h"
#include "ops/signature.h"
#include "repo/signature.h"

struct cfs_sign_params {
	/* Keys to sign with, or n 0: */
	struct cfs_signing *const *keys;
	unsigned n;
	struct cfs_bytes attach; /* the signature of others, ... */
	const char *attach_name; /* ... as errors call it: a path ... */
	const struct cfs_certs *attach_certs; /* ... and who they may be */
	enum cfs_kernel_signatures kernel;
};

/* Filled in as far as it gets, also on failure.  Zero-initialise it. */
struct cfs_sign_result {
	bool kept; /* the signature is in the repository, at: */
	char path[CFS_SIGNATURE_PATH_MAX];
	unsigned n; /* keys that signed, or had signed */
	struct {
		struct cfs_cert_info info;
		bool is_new; /* and had not signed before */
	} signer[CFS_SIGNERS_MAX];
	int attached;		    /* signers that params->attach added */
	enum cfs_enrolled enrolled; /* by the kernel */
	/* Worded if it is not; code 0: nobody wanted it. */
	struct cfs_err why_not;
};

/*
 * Opens the image @id, which the user calls @name, to be signed: it has to be
 * what its digest names, and whole.  *@ret_fd: the caller closes it.  The bytes
 * to sign are those of cfs_digest_format().
 * Errors: of cfs_signature_open() and cfs_require_whole().
 */
int cfs_sign_open(const struct cfs_repo *repo, const struct cfs_digest *id,
		  const char *name, int *ret_fd,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Signs the image @id, which the user calls @name: all signers, those of
 * before and the new ones, are in one signature.
 * Errors: of cfs_sign_open(), cfs_sign() and cfs_signers_attach(); where the
 * kernel has to take it, those of cfs_enrol().
 */
int cfs_sign_image(struct cfs_store *store,
		   const struct cfs_sign_params *params,
		   const struct cfs_digest *id, const char *name,
		   struct cfs_sign_result *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
