/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The two ways to sign that sign and oci sign share: by keys that are given,
 * and elsewhere, by files that go out and come back.
 */
#ifndef CFS_CFSCTL_SIGNERS_H
#define CFS_CFSCTL_SIGNERS_H

#include "base/buf.h"
#include "cfsctl/cfsctl.h"
#include "keys/pem.h"
#include "keys/pkcs7.h"
#include "keys/sign.h"

struct cfs_signers_options {
	struct cfs_opt_list certs, keys;
	const char *emit, *attach; /* directories, or NULL */
};

/* Rows of options that set the member @signers of @type.  @file: how the files
 * are named that --emit-tbs writes, without their suffix. */
#define CFS_SIGNERS_OPTIONS(type, signers, file)                             \
	{ .name = "cert",                                                    \
	  .value = "PEM",                                                    \
	  .help = "the signer's own certificate",                            \
	  .takes = CFS_TAKES_FILE,                                           \
	  CFS_OPT_SETS(type, signers.certs) },                               \
		{ .name = "key",                                             \
		  .value = "KEY",                                            \
		  .help = "its key: a PEM file or a pkcs11: URI",            \
		  .takes = CFS_TAKES_FILE,                                   \
		  CFS_OPT_SETS(type, signers.keys) },                        \
		{ .name = "emit-tbs",                                        \
		  .value = "DIR",                                            \
		  .help = "only write DIR/" file ".tbs, to be signed "       \
			  "elsewhere",                                       \
		  .takes = CFS_TAKES_DIR,                                    \
		  CFS_OPT_SETS(type, signers.emit) },                        \
	{                                                                    \
		.name = "attach", .value = "DIR",                            \
		.help = "take back DIR/" file ".p7, made with --cert's key", \
		.takes = CFS_TAKES_DIR, CFS_OPT_SETS(type, signers.attach)   \
	}

/* The keys that were given, or the certificates of those elsewhere.
 * Zero-initialise. */
struct cfs_signing_keys {
	struct cfs_signing *v[CFS_SIGNERS_MAX]; /* owned */
	unsigned n;
	const char *attach; /* --attach, borrowed; NULL: by keys */
	struct cfs_certs certs;
};

/*
 * Checks that the options are those of one way, and opens the keys or reads the
 * certificates.  With --emit-tbs there are none.
 * Errors: -CFS_EUSAGE, those of cfs_signing_open() and cmd_read_certs().
 */
int cmd_signing_keys_open(const struct cfs_signers_options *o,
			  struct cfs_signing_keys *keys,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cmd_signing_keys_close(struct cfs_signing_keys *keys);

#define CFS_AUTOSIGNINGKEYS __attribute__((cleanup(cmd_signing_keys_close)))

/*
 * Writes the bytes to be signed for @digest to @dir/@name.tbs, and makes @dir
 * if it is missing.  *@ret_path is that file's; the caller frees it.
 */
int cmd_emit_tbs(const char *dir, const char *name,
		 const struct cfs_digest *digest, char **ret_path,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads NAME.p7 in the directory of --attach.  *@ret_path is that file's; the
 * caller frees it.
 * Errors: -ENOENT, those of cfs_read_file().
 */
int cmd_read_p7(const struct cfs_signing_keys *keys, const char *name,
		struct cfs_buf *ret, char **ret_path,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds the signers of NAME.p7 in the directory of --attach that are among the
 * certificates to @old, the signature of @digest so far, which may be empty;
 * @ret gets the new one.  Returns how many signers are new.
 * Errors: -ENOENT, -ENOKEY worded with the signers that it has, those of
 * cfs_signature_attach().
 */
int cmd_attach_p7(const struct cfs_signing_keys *keys, const char *name,
		  const struct cfs_digest *digest, struct cfs_bytes old,
		  struct cfs_buf *ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5, 6)));

#endif
