/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The certificates of the initramfs and the kernel's keyring for them.  They
 * have to be in the keyring before the first image is opened: a file with a
 * builtin signature cannot be opened without its signer's certificate.
 */
#ifndef CFS_SETUP_ROOT_CERTS_H
#define CFS_SETUP_ROOT_CERTS_H

#include "keys/keyring.h"
#include "keys/pem.h"
#include "setup-root/config.h"
#include "setup-root/log.h"

struct cfs_keys {
	struct cfs_certs certs;	     /* what the initramfs has */
	bool in_ring;		     /* .fs-verity was seen to hold them all */
	unsigned n_keys;	     /* how many of them it holds */
	unsigned ring_size;	     /* how many keys it holds in all */
	cfs_key keys[CFS_CERTS_MAX]; /* of each of certs; 0: not in the ring */
};

/*
 * Collects the certificates of [keys] dirs (*.der, *.crt, *.cer, *.pem) and of
 * the files composefs.cert* in @credentials (systemd's $CREDENTIALS_DIRECTORY;
 * may be NULL), each directory in name order.
 *
 * A file that holds none, or a damaged one, is skipped with a warning; if
 * [keys] require or require-signed is set it is an error.
 * Errors: also -ENOENT when one of them is set and there is no certificate.
 */
int cfs_keys_collect(struct cfs_keys *keys, const struct cfs_config *config,
		     const char *credentials, struct cfs_log *log,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4, 5)));

/*
 * Adds the certificates of @keys to .fs-verity, lists what the ring then holds
 * and, if [keys] restrict is set, locks it.  Without a certificate nothing is
 * done or logged.
 *
 * A kernel without the ring, a certificate that it refuses and a locked ring
 * are errors if [keys] require is set, otherwise warnings; so is a certificate
 * that was added and is not in the ring, which require-signed makes an error
 * too.  A key of another origin is a warning, and -EEXIST if [keys] restrict is
 * set: locking would keep it there.
 */
int cfs_keys_load(struct cfs_keys *keys, const struct cfs_config *config,
		  struct cfs_log *log,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
