/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha.h"

#include <openssl/evp.h>

struct cfs_sha {
	enum cfs_alg alg;
	EVP_MD *md; /* fetched once: looking it up costs a tenth of a block */
	EVP_MD_CTX *ctx;
};

int cfs_sha_new(enum cfs_alg alg, struct cfs_sha **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = calloc(1, sizeof(*sha));

	if (!sha)
		return cfs_fail(err, ENOMEM, "out of memory");
	sha->alg = alg;
	sha->md = EVP_MD_fetch(NULL, cfs_alg_name(alg), NULL);
	sha->ctx = EVP_MD_CTX_new();
	if (!sha->md || !sha->ctx)
		return cfs_fail(err, ENOTSUP, "libcrypto offers no %s",
				cfs_alg_name(alg));
	*ret = cfs_steal_ptr(&sha);
	return 0;
}

void cfs_sha_free(struct cfs_sha *sha)
{
	if (!sha)
		return;
	EVP_MD_CTX_free(sha->ctx);
	EVP_MD_free(sha->md);
	free(sha);
}

int cfs_sha_blocks(struct cfs_sha *sha, size_t n, const uint8_t *const *in,
		   size_t len, uint8_t *out, struct cfs_err *err)
{
	for (size_t i = 0; i < n; i++, out += cfs_alg_size(sha->alg)) {
		if (!EVP_DigestInit_ex2(sha->ctx, sha->md, NULL) ||
		    !EVP_DigestUpdate(sha->ctx, in[i], len) ||
		    !EVP_DigestFinal_ex(sha->ctx, out, NULL))
			return cfs_fail(err, EIO, "libcrypto failed to hash");
	}
	return 0;
}
