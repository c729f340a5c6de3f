/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Certificates out of files: PEM bundles and single DER certificates, without
 * a cryptographic library.  The kernel parses X.509; here only the frame is
 * looked at (and what the second proof of a signature compares: issuer and
 * serial number).
 *
 * Source: RFC 7468 (PEM), X.690 (DER), RFC 5280 (Certificate).
 */
#ifndef CFS_KEYS_PEM_H
#define CFS_KEYS_PEM_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

#define CFS_CERT_FILE_MAX 65536 /* bytes of one certificate file */
#define CFS_CERTS_MAX	  64	/* certificates in all */

/* One certificate, DER, with what identifies its signatures.  Issuer and
 * serial are slices of der: borrowed, alive as long as it is. */
struct cfs_cert {
	struct cfs_bytes der;
	struct cfs_bytes issuer; /* the whole DER Name */
	struct cfs_bytes serial; /* content bytes of the INTEGER */
	char file[256];		 /* where it came from, for messages */
	/* "sha256:" and the lower-case hex of the hash of der: no two
	 * certificates have the same. */
	char name[sizeof("sha256:") + 64];
};

struct cfs_certs {
	unsigned n;
	struct cfs_cert v[CFS_CERTS_MAX]; /* der owned */
};

/* Releases every certificate. */
void cfs_certs_free(struct cfs_certs *certs);

#define CFS_AUTOCERTS __attribute__((cleanup(cfs_certs_free)))

/*
 * Adds every certificate of @text: DER when it starts as one and fills it
 * exactly, else PEM ("-----BEGIN CERTIFICATE-----", several, text between them
 * ignored).
 * @file: name for messages, kept.
 *
 * Returns how many were added.
 * Errors: -EBADMSG no certificate in it or a malformed one (base64, DER frame,
 * bytes left over), -E2BIG more than CFS_CERTS_MAX, -ENOMEM.  Nothing is added
 * on error.
 */
int cfs_certs_add(struct cfs_certs *certs, struct cfs_bytes text,
		  const char *file,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same for the file @path.  Errors: -ENOENT too, and -EFBIG when it is
 * longer than CFS_CERT_FILE_MAX.
 */
int cfs_certs_add_file(struct cfs_certs *certs, const char *path,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Decodes base64 with the standard alphabet and padding, in one line, and
 * appends the bytes to @out.  Every sequence of bytes has one text only: unused
 * bits are zero, and there is no white space.
 * Returns false for any other text; @out then has what was decoded so far.
 * Source: RFC 4648, section 4.
 */
bool cfs_pem_decode(struct cfs_bytes text,
		    struct cfs_buf *out) CFS_MUST_CHECK CFS_NONNULL;

#endif
