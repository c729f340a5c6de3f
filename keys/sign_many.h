/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signs many digests with one key, at little more than the cost of the key's
 * own arithmetic.
 */
#ifndef CFS_KEYS_SIGN_MANY_H
#define CFS_KEYS_SIGN_MANY_H

#include "base/own.h"
#include "keys/sign.h"

struct cfs_many;

/*
 * Prepares to sign digests of @alg.  One thread may use the result; @signing
 * stays open meanwhile.
 * Errors: -EIO libcrypto's, -ENOMEM.
 */
int cfs_many_open(const struct cfs_signing *signing, enum cfs_alg alg,
		  struct cfs_many **ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_many_free(struct cfs_many *many);
CFS_DEFINE_AUTO(struct cfs_many, cfs_many_free);

/*
 * Signs @digest and appends the PKCS#7 DER to @out, the one that cfs_sign()
 * makes of it.  The signature is not verified afterwards; libcrypto does that
 * itself with RSA keys.
 * Errors: -EINVAL @digest is of another algorithm, -EFBIG over
 * CFS_SIGNATURE_MAX, -EIO libcrypto's, -ENOMEM.
 */
int cfs_many_sign(struct cfs_many *many, const struct cfs_digest *digest,
		  struct cfs_buf *out,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
