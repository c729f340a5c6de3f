/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The frames of DER: identifier, length, contents.  Only what certificates
 * and signatures are made of: identifiers of one byte, definite lengths in
 * their shortest form, at most 4 GiB.  Everything else (BER) is refused, so
 * one sequence of bytes has one meaning.
 *
 * Source: ITU-T X.690 (2021), 8.1 and 10.1.
 */
#ifndef CFS_KEYS_DER_H
#define CFS_KEYS_DER_H

#include <stdbool.h>

#include "base/bytes.h"

#define CFS_DER_INTEGER	     0x02
#define CFS_DER_BIT_STRING   0x03
#define CFS_DER_OCTET_STRING 0x04
#define CFS_DER_NULL	     0x05
#define CFS_DER_OID	     0x06
#define CFS_DER_SEQUENCE     0x30
#define CFS_DER_SET	     0x31
#define CFS_DER_CONTEXT(n)   (0xa0 | (n)) /* [n], constructed */

/*
 * Takes the first element off @in if its identifier is @tag: *@ret is its
 * contents, *@ret_whole (may be NULL) identifier and length too.
 * Returns false, leaving everything alone, when there is no such element
 * first, wholly inside @in.
 */
bool cfs_der_take(struct cfs_bytes *in, uint8_t tag, struct cfs_bytes *ret,
		  struct cfs_bytes *ret_whole) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3)));

/* Takes the first element off @in, whatever it is. */
bool cfs_der_skip(struct cfs_bytes *in) CFS_MUST_CHECK CFS_NONNULL;

/* Is an element with the identifier @tag first? */
bool cfs_der_is(struct cfs_bytes in, uint8_t tag) CFS_MUST_CHECK;

/*
 * Frames the X.509 certificate that fills @der exactly.  *@ret_issuer is the
 * whole Name, *@ret_serial the contents of the INTEGER; both borrow from @der.
 * Returns false when the frame is not that of a certificate.
 * Source: RFC 5280, 4.1.
 */
bool cfs_der_certificate(struct cfs_bytes der, struct cfs_bytes *ret_issuer,
			 struct cfs_bytes *ret_serial)
	CFS_MUST_CHECK CFS_NONNULL;

#endif
