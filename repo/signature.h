/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures kept beside the objects: signatures/<hex>.p7s is PKCS#7 DER over
 * the digest <hex>, that of an image, or of a manifest or configuration of OCI.
 * Whoever can write to the repository can write one, so it says nothing until
 * it is checked (keys/pkcs7.h).
 */
#ifndef CFS_REPO_SIGNATURE_H
#define CFS_REPO_SIGNATURE_H

#include "base/buf.h"
#include "repo/directory.h"

#define CFS_SIGNATURE_PATH_MAX (sizeof("signatures/.p7s") + CFS_DIGEST_HEX_MAX)

/* Writes "signatures/<hex>.p7s" and a NUL. */
void cfs_signature_path(const struct cfs_digest *id,
			char path[static CFS_SIGNATURE_PATH_MAX]) CFS_NONNULL;

/*
 * Appends the signature kept for the object @id to @ret.
 * Returns 1, or 0 when there is none.
 * Errors: -EFBIG longer than CFS_SIGNATURE_MAX, -EXDEV, -EINVAL no file, ...
 */
int cfs_signature_read(const struct cfs_repo *repo, const struct cfs_digest *id,
		       struct cfs_buf *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
