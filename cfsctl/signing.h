/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by sign, verify-image and keyring. */
#ifndef CFS_CFSCTL_SIGNING_H
#define CFS_CFSCTL_SIGNING_H

#include "base/json_write.h"
#include "cfsctl/cfsctl.h"
#include "keys/pem.h"
#include "keys/x509.h"

/* Finds the image that @name means: a digest, a name, or the path of either in
 * the repository.  Errors: of cmd_find_image(). */
int cmd_find_signed(const struct cfs_globals *g, const struct cfs_repo *repo,
		    const char *name, struct cfs_digest *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The same for images whose objects are signed: also those that were made of an
 * OCI image, as cmd_find_made() finds them. */
int cmd_find_signable(const struct cfs_globals *g, const struct cfs_repo *repo,
		      const char *name, struct cfs_digest *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads every certificate of all files of a --cert list. */
int cmd_read_certs(const struct cfs_opt_list *files, struct cfs_certs *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints "@what: SUBJECT, sha256 FINGERPRINT". */
void cmd_print_signer(const char *what,
		      const struct cfs_cert_info *info) CFS_NONNULL;

/* Writes the members "subject", "sha256" and "expired" of the certificate. */
void cmd_json_signer(struct cfs_json_writer *w,
		     const struct cfs_cert_info *info) CFS_NONNULL;

/*
 * Takes expired certificates out of @certs, each with a note on stderr.
 * Errors: -EKEYEXPIRED there were some, and none is left; those of
 * cfs_cert_describe().
 */
int cmd_drop_expired(struct cfs_certs *certs,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Notes on stderr that the certificate @cert, described by @info, has
 * expired, if it has. */
void cmd_note_expiry(const struct cfs_cert *cert,
		     const struct cfs_cert_info *info) CFS_NONNULL;

#endif
