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
	bool in_ring;		     /* all of them are in .fs-verity, by us */
	unsigned n_keys;	     /* those that are, in the order of certs */
	cfs_key keys[CFS_CERTS_MAX]; /* 0: that one was refused */
};

/* Releases the certificates. */
void cfs_keys_free(struct cfs_keys *keys);

#define CFS_AUTOKEYS __attribute__((cleanup(cfs_keys_free)))

/*
 * Collects the certificates of [keys] dirs and of the files composefs.cert*
 * in @credentials (systemd's $CREDENTIALS_DIRECTORY; may be NULL).
 *
 * Errors: a file that holds none or a damaged one, when [keys] require or
 * require-signed is set (without, it is warned of); -ENOENT when they are set
 * and there is no certificate at all.
 */
int cfs_keys_collect(struct cfs_keys *keys, const struct cfs_config *config,
		     const char *credentials, struct cfs_log *log,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4, 5)));

/*
 * Puts them into .fs-verity and, by [keys] restrict, locks it.  Nothing is
 * done and said without a certificate.
 *
 * What goes wrong is an error when [keys] require is set, else a warning:
 * no keyring in this kernel, a certificate that it refuses, a locked ring.
 */
int cfs_keys_load(struct cfs_keys *keys, const struct cfs_config *config,
		  struct cfs_log *log,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
