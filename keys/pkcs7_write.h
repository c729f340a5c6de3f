/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The frame of a signature that kernels check (keys/sign.h), around the bare
 * signature of a key.  The bytes are those that libcrypto's PKCS7_sign()
 * writes.
 *
 * Source: RFC 2315, 7, 9.1 and 9.2.
 */
#ifndef CFS_KEYS_PKCS7_WRITE_H
#define CFS_KEYS_PKCS7_WRITE_H

#include "base/buf.h"
#include "keys/pkcs7.h"

/*
 * Appends a PKCS#7 signature with the one signer @signer to @out.
 * @signer: its algorithms are known ones; its issuer is the whole Name and its
 * serial number the contents of the INTEGER, as in a struct cfs_cert.
 * Source of the algorithms' identifiers: RFC 5754, section 2; RFC 3279, 2.3.1;
 * RFC 5758, 3.2.
 */
void cfs_pkcs7_write(const struct cfs_signer *signer,
		     struct cfs_buf *out) CFS_NONNULL;

#endif
