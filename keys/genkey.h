/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_KEYS_GENKEY_H
#define CFS_KEYS_GENKEY_H

#include "base/err.h"

#define CFS_GENKEY_KEY	"key.pem"
#define CFS_GENKEY_CERT "cert.pem"

/*
 * Makes a key for development: RSA of 3072 bits, which every kernel takes, and
 * a self-signed certificate for it, as @dir/key.pem (mode 0600) and
 * @dir/cert.pem (0644).  @dir is made (0755) and must not exist.
 *
 * @name: common name of the subject, 1 to 64 bytes.
 * The serial number is random, of 127 bits: the kernel tells certificates
 * apart by issuer and serial number, so two of one number shadow each other.
 *
 * Errors: -EEXIST, -EINVAL @name, ...; nothing is left behind.
 */
int cfs_genkey(const char *dir, const char *name,
	       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
