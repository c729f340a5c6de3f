/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by sign, verify-image and keyring. */
#ifndef CFS_CFSCTL_SIGNING_H
#define CFS_CFSCTL_SIGNING_H

#include "cfsctl/cfsctl.h"
#include "keys/pem.h"
#include "keys/pkcs7.h"
#include "keys/x509.h"

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

/*
 * Reads the signature of the image @id: what is kept in the repository, else
 * what the kernel keeps with the file @fd.
 * Returns 1, or 0 when there is neither.
 */
int cmd_read_signature(const struct cfs_repo *repo, const struct cfs_digest *id,
		       int fd, struct cfs_buf *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The signers that a signature names, which proves nothing. */
struct cfs_signers {
	unsigned n;
	struct cfs_signer_info v[CFS_SIGNERS_MAX];
	int cert[CFS_SIGNERS_MAX]; /* index of the certificate that each means,
				    * of those given, or -1 */
};

/* Lists the signers of the signature @der; @certs are certificates that may be
 * among theirs.  Errors: -EBADMSG @der is no such signature. */
int cmd_signers(struct cfs_bytes der, const struct cfs_certs *certs,
		struct cfs_signers *ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 4)));

/* Words the error that none of the given certificates is among @signers, and
 * names those.  Returns -ENOKEY. */
int cmd_name_signers(const struct cfs_signers *signers,
		     struct cfs_err *err) CFS_NONNULL;

/* Prints "@what: SUBJECT, sha256 FINGERPRINT". */
void cmd_print_signer(const char *what,
		      const struct cfs_cert_info *info) CFS_NONNULL;

/* Notes on stderr that the certificate @cert, described by @info, has
 * expired, if it has. */
void cmd_note_expiry(const struct cfs_cert *cert,
		     const struct cfs_cert_info *info) CFS_NONNULL;

#endif
