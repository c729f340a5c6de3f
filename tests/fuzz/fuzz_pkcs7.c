/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Properties: every slice lies inside the input; where libcrypto can read the
 * blob too, it sees the same signers and nothing left over. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "keys/pkcs7.h"
#include "tests/fuzz/fuzz.h"

static void inside(struct cfs_bytes part, const uint8_t *data, size_t size)
{
	if (part.data < data || part.len > size ||
	    part.data + part.len > data + size)
		abort();
}

static void compare(const struct cfs_pkcs7 *p7, const uint8_t *data,
		    size_t size)
{
	const unsigned char *p = data;
	PKCS7 *other = d2i_PKCS7(NULL, &p, (long)size);
	STACK_OF(PKCS7_SIGNER_INFO) * infos;

	ERR_clear_error();
	if (!other)
		return;
	infos = PKCS7_get_signer_info(other);
	if (p != data + size || !PKCS7_type_is_signed(other) ||
	    !PKCS7_get_detached(other) ||
	    sk_PKCS7_SIGNER_INFO_num(infos) != (int)p7->n)
		abort();
	for (unsigned i = 0; i < p7->n; i++) {
		PKCS7_SIGNER_INFO *si =
			sk_PKCS7_SIGNER_INFO_value(infos, (int)i);
		const ASN1_OCTET_STRING *sig = si->enc_digest;

		if (sk_X509_ATTRIBUTE_num(si->auth_attr) > 0 ||
		    (size_t)ASN1_STRING_length(sig) != p7->v[i].signature.len ||
		    memcmp(ASN1_STRING_get0_data(sig), p7->v[i].signature.data,
			   p7->v[i].signature.len) != 0)
			abort();
	}
	PKCS7_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes der = { data, size };
	struct cfs_err err = { 0 };
	struct cfs_pkcs7 p7;

	if (cfs_pkcs7_parse(der, &p7, &err) < 0) {
		if (!err.msg[0])
			abort();
		return 0;
	}
	if (p7.n < 1 || p7.n > CFS_SIGNERS_MAX)
		abort();
	for (unsigned i = 0; i < p7.n; i++) {
		inside(p7.v[i].issuer, data, size);
		inside(p7.v[i].serial, data, size);
		inside(p7.v[i].signature, data, size);
	}
	compare(&p7, data, size);
	return 0;
}
