/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/der.h"

#include <string.h>

/* Finds where the contents of the first element begin and how long they are.
 * Both numbers are the element's own claim: the caller slices by them. */
static bool header(struct cfs_bytes in, size_t *ret_start, uint64_t *ret_len)
{
	uint64_t len = 0;
	struct cfs_bytes more;
	unsigned n;

	/* Nothing that is read here has tags of several bytes. */
	if (in.len < 2 || (in.data[0] & 0x1f) == 0x1f)
		return false;
	if (in.data[1] < 0x80) {
		*ret_start = 2;
		*ret_len = in.data[1];
		return true;
	}
	/* 0x80 alone is the indefinite length of BER, which DER does not
	 * have. */
	n = in.data[1] & 0x7f;
	if (n < 1 || n > 4 || !cfs_bytes_slice(in, 2, n, &more))
		return false;
	for (unsigned i = 0; i < n; i++)
		len = len << 8 | more.data[i];
	if (more.data[0] == 0 || len < 0x80)
		return false; /* a shorter form exists */
	*ret_start = 2 + n;
	*ret_len = len;
	return true;
}

bool cfs_der_is(struct cfs_bytes in, uint8_t tag)
{
	return in.len > 0 && in.data[0] == tag;
}

bool cfs_der_take(struct cfs_bytes *in, uint8_t tag, struct cfs_bytes *ret,
		  struct cfs_bytes *ret_whole)
{
	struct cfs_bytes body, whole;
	size_t start;
	uint64_t len;

	if (!cfs_der_is(*in, tag) || !header(*in, &start, &len) ||
	    !cfs_bytes_slice(*in, start, len, &body))
		return false;
	whole = cfs_bytes_cut(in, start + body.len);
	if (ret_whole)
		*ret_whole = whole;
	*ret = body;
	return true;
}

bool cfs_der_skip(struct cfs_bytes *in)
{
	struct cfs_bytes body;

	return in->len > 0 && cfs_der_take(in, in->data[0], &body, NULL);
}

/*
 * Source: RFC 5280, 4.1:
 *
 *   certificate: sequence { tbs, algorithm, bit string }
 *   tbs: sequence { [0] version, serial, algorithm, issuer, ... }
 */
bool cfs_der_certificate(struct cfs_bytes der, struct cfs_bytes *ret_issuer,
			 struct cfs_bytes *ret_serial)
{
	struct cfs_bytes cert, tbs, body, issuer, serial;

	if (!cfs_der_take(&der, CFS_DER_SEQUENCE, &cert, NULL) || der.len ||
	    !cfs_der_take(&cert, CFS_DER_SEQUENCE, &tbs, NULL) ||
	    !cfs_der_take(&cert, CFS_DER_SEQUENCE, &body, NULL) ||
	    !cfs_der_take(&cert, CFS_DER_BIT_STRING, &body, NULL) || cert.len)
		return false;
	if (cfs_der_is(tbs, CFS_DER_CONTEXT(0)) && !cfs_der_skip(&tbs))
		return false; /* version, left out in version 1 */
	if (!cfs_der_take(&tbs, CFS_DER_INTEGER, &serial, NULL) ||
	    !cfs_der_take(&tbs, CFS_DER_SEQUENCE, &body, NULL) ||
	    !cfs_der_take(&tbs, CFS_DER_SEQUENCE, &body, &issuer) ||
	    serial.len == 0)
		return false;
	*ret_issuer = issuer;
	*ret_serial = serial;
	return true;
}
