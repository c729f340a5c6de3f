/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What signing and verifying an image have in common. */
#ifndef CFS_OPS_SIGNATURE_H
#define CFS_OPS_SIGNATURE_H

#include "base/buf.h"
#include "keys/pem.h"
#include "keys/pkcs7.h"
#include "keys/x509.h"
#include "repo/open.h"

/*
 * Opens the image @id and computes its digest from its own bytes, also where
 * the kernel vouches for them: what is signed or verified is what was read.
 * *@ret_fd: the caller closes it.
 * Errors: -ENOENT, -EBADMSG the bytes are not what the digest names, ...
 */
int cfs_signature_open(const struct cfs_repo *repo, const struct cfs_digest *id,
		       int *ret_fd,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the signature of the image @id: what is kept in the repository, else
 * what the kernel keeps with the file @fd.
 * Returns 1, or 0 when there is neither.
 */
int cfs_signature_find(const struct cfs_repo *repo, const struct cfs_digest *id,
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
int cfs_signers_list(struct cfs_bytes der, const struct cfs_certs *certs,
		     struct cfs_signers *ret,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 4)));

/* Words the error that none of the given certificates is among @signers, and
 * names those.  Returns -ENOKEY. */
int cfs_signers_refuse(const struct cfs_signers *signers,
		       struct cfs_err *err) CFS_NONNULL;

/*
 * cfs_signature_attach() with that error where none of @certs vouches for
 * @more.
 */
int cfs_signers_attach(struct cfs_bytes more, const struct cfs_digest *digest,
		       const struct cfs_certs *certs, struct cfs_bytes old,
		       struct cfs_buf *ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 5, 6)));

#endif
