/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What sign and verify-image have in common. */
#ifndef CFS_CFSCTL_SIGNING_H
#define CFS_CFSCTL_SIGNING_H

#include "cfsctl/cfsctl.h"
#include "keys/pem.h"

/*
 * Opens the image that @name means (a digest, a name, or the path of either
 * in the repository) and computes its digest from its own bytes, also where
 * the kernel vouches for them: what is signed or verified is what was read.
 * *@ret_fd: the caller closes it.
 * Errors: -ENOENT, -EBADMSG the bytes are not what the digest names, ...
 */
int cmd_open_signed(const struct cfs_globals *g, const struct cfs_repo *repo,
		    const char *name, struct cfs_digest *ret, int *ret_fd,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads every certificate of all files of a --cert list. */
int cmd_read_certs(const struct cfs_opt_list *files, struct cfs_certs *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints "<what>: <subject>, sha256 <fingerprint>"; a note on stderr when it
 * has expired, which is an error with @check_expiry: -EKEYEXPIRED. */
int cmd_print_signer(const char *what, const struct cfs_cert *cert,
		     bool check_expiry,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
