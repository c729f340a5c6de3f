/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signing EFI programs for Secure Boot, by the programs that exist for it:
 * sbsign, or osslsigncode.
 *
 * Source: sbsign(1); osslsigncode(1).
 */
#ifndef CFS_OPS_SIGN_PROGRAM_H
#define CFS_OPS_SIGN_PROGRAM_H

#include "base/err.h"

enum cfs_sign_tool {
	CFS_SIGN_ANY, /* sbsign, or osslsigncode where that is missing */
	CFS_SIGN_SBSIGN,
	CFS_SIGN_OSSLSIGNCODE,
};

struct cfs_program_signer {
	const char *cert; /* a PEM file */
	const char *key;  /* a PEM file, or a "pkcs11:" URI, which takes sbsign
			   * and OpenSSL's engine of that name */
	enum cfs_sign_tool tool;
};

/*
 * Writes the EFI program in the file @from, with a signature, to the empty file
 * @to, which is open for reading and writing.
 *
 * Errors: -ENOPKG the tool is not installed; -EINVAL the tool cannot use the
 * key; -EIO it failed, worded with what it said; -EBADMSG its output is not
 * signed; those of cfs_child_start().
 */
int cfs_sign_program(const struct cfs_program_signer *signer, int from, int to,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
