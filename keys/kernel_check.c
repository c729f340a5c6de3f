/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/kernel_check.h"

#include <keyutils.h>
#include <string.h>

#include "base/libcrypto.h"
#include "keys/keyring.h"
#include "keys/x509.h"

#define RING KEY_SPEC_PROCESS_KEYRING

/* Sites that allow no arithmetic but OpenSSL's say so in this way, of hashes
 * and of signatures. */
static bool only_openssl(void)
{
	const char *way = getenv("CFS_HASH");

	return way && strcmp(way, "openssl") == 0;
}

bool cfs_kernel_is_cheaper(void)
{
	return !cfs_libcrypto_is_loaded();
}

static bool is_for_kernel(const struct cfs_cert *cert,
			  const struct cfs_signer *signer)
{
	unsigned bits = 0;

	return signer->key == CFS_SIGNER_RSA && cfs_cert_is_rsa(cert, &bits) &&
	       cfs_rsa_usable(bits);
}

/* The name is the hash of the certificate, and no other process can put a key
 * into this keyring. */
static bool find(const struct cfs_cert *cert, cfs_key *ret)
{
	long key = keyctl_search(RING, "asymmetric", cert->name, 0);

	*ret = (cfs_key)key;
	return key >= 0;
}

bool cfs_kernel_confirms(const struct cfs_cert *cert,
			 const struct cfs_signer *signer, struct cfs_bytes data)
{
	uint8_t sum[CFS_HASH_MAX];
	struct cfs_err ignored;
	char info[64];
	cfs_key key;
	size_t len;

	if (only_openssl() || !is_for_kernel(cert, signer) ||
	    (!find(cert, &key) &&
	     cfs_keyring_add(RING, cert, &key, &ignored) < 0))
		return false;
	len = cfs_hash(signer->hash, data, sum);
	snprintf(info, sizeof(info), "enc=pkcs1 hash=%s",
		 cfs_hash_name(signer->hash));
	return keyctl_pkey_verify(key, info, sum, len, signer->signature.data,
				  signer->signature.len) == 0;
}

void cfs_kernel_forget(const struct cfs_certs *certs)
{
	cfs_key key;

	for (unsigned i = 0; i < certs->n; i++)
		if (find(&certs->v[i], &key))
			(void)keyctl_unlink(key, RING);
}
