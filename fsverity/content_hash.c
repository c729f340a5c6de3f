/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/content_hash.h"

#include "base/libcrypto.h"
#include "fsverity/sha.h"
#include "fsverity/sha_stream.h"

struct cfs_content_hash {
	struct cfs_sha_stream ours;
	EVP_MD *md; /* NULL: ours hashes */
	EVP_MD_CTX *ctx;
	uint64_t fed;
	const struct cfs_source *from;
	const struct cfs_sha_kernel *two; /* of ours, or NULL */
	bool defers;			  /* it is the first one of a pair */
	struct cfs_content_hash *first;	  /* that of this one's pair, or NULL */
};

size_t cfs_content_hash_size(enum cfs_content_hash_alg alg)
{
	return alg == CFS_CONTENT_SHA512 ? 64 : 32;
}

const char *cfs_content_hash_name(enum cfs_content_hash_alg alg)
{
	return alg == CFS_CONTENT_SHA512 ? "sha512" : "sha256";
}

/* Uses an implementation of our own.  Returns 1; or 0 if there is none, or if
 * libcrypto is faster, unless @anyhow is set or CFS_HASH chooses ours. */
static int start_ours(struct cfs_content_hash *hash, bool anyhow,
		      struct cfs_err *err)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;
	const struct cfs_sha_kernel *one;
	int r = cfs_sha_new(CFS_ALG_SHA256, &sha, err);

	if (r < 0)
		return r;
	/* There is one message, so kernels with many lanes do not help. */
	one = cfs_sha_kernel(sha, 1);
	if (!one ||
	    (one == &cfs_sha256_portable && !getenv("CFS_HASH") && !anyhow))
		return 0;
	cfs_sha_stream_init(&hash->ours, one);
	hash->two = cfs_sha_kernel(sha, 2);
	return 1;
}

static int start_libcrypto(struct cfs_content_hash *hash,
			   enum cfs_content_hash_alg alg, struct cfs_err *err)
{
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	/* Fetched, since EVP_sha256() would look it up again for each hash. */
	hash->md = EVP_MD_fetch(NULL, cfs_content_hash_name(alg), NULL);
	hash->ctx = EVP_MD_CTX_new();
	if (!hash->md || !hash->ctx ||
	    !EVP_DigestInit_ex2(hash->ctx, hash->md, NULL))
		return cfs_fail(err, ENOTSUP, "libcrypto offers no %s",
				cfs_content_hash_name(alg));
	return 0;
}

/* @small: few bytes are to be hashed. */
static int make(enum cfs_content_hash_alg alg, bool small,
		struct cfs_content_hash **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_content_hash_free)
	struct cfs_content_hash *hash = calloc(1, sizeof(*hash));
	bool ours = alg == CFS_CONTENT_SHA256;
	int r = 0;

	if (!hash)
		return cfs_no_memory(err);
	if (ours)
		r = start_ours(hash, small, err);
	if (r == 0)
		r = start_libcrypto(hash, alg, err);
	/* Slow, but libcrypto need not be installed for sha256. */
	if (r == -ELIBACC && ours)
		r = start_ours(hash, true, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&hash);
	return 0;
}

int cfs_content_hash_new(enum cfs_content_hash_alg alg,
			 struct cfs_content_hash **ret, struct cfs_err *err)
{
	return make(alg, false, ret, err);
}

void cfs_content_hash_free(struct cfs_content_hash *hash)
{
	if (!hash)
		return;
	/* Either is there only if libcrypto is. */
	if (hash->ctx)
		EVP_MD_CTX_free(hash->ctx);
	if (hash->md)
		EVP_MD_free(hash->md);
	free(hash);
}

static int failed(struct cfs_err *err)
{
	return cfs_fail(err, EIO, "libcrypto failed to hash");
}

void cfs_content_hash_pair(struct cfs_content_hash *first,
			   struct cfs_content_hash *second)
{
	if (first->md || second->md || !second->two)
		return;
	first->defers = true;
	second->first = first;
}

static void update_ours(struct cfs_content_hash *hash, struct cfs_bytes data)
{
	if (hash->defers)
		cfs_sha_stream_defer(&hash->ours, data);
	else if (hash->first)
		cfs_sha_stream_update_beside(&hash->ours, data,
					     &hash->first->ours, hash->two);
	else
		cfs_sha_stream_update(&hash->ours, data);
}

int cfs_content_hash_update(struct cfs_content_hash *hash,
			    struct cfs_bytes data, struct cfs_err *err)
{
	if (!hash->md)
		update_ours(hash, data);
	else if (data.len > 0 &&
		 !EVP_DigestUpdate(hash->ctx, data.data, data.len))
		return failed(err);
	hash->fed += data.len;
	return 0;
}

int cfs_content_hash_final(struct cfs_content_hash *hash,
			   uint8_t ret[static CFS_CONTENT_MAX],
			   struct cfs_err *err)
{
	if (hash->md)
		return EVP_DigestFinal_ex(hash->ctx, ret, NULL) ? 0
								: failed(err);
	cfs_sha_stream_final(&hash->ours, ret);
	return 0;
}

uint64_t cfs_content_hash_fed(const struct cfs_content_hash *hash)
{
	return hash->fed;
}

static ssize_t read_hashed(void *ctx, void *data, size_t len,
			   struct cfs_err *err)
{
	struct cfs_content_hash *hash = ctx;
	ssize_t n;
	int r = 0;

	/* @data may be where the bytes before are. */
	if (hash->defers)
		cfs_sha_stream_catch_up(&hash->ours);
	n = cfs_source_read(hash->from, data, len, err);
	if (n > 0)
		r = cfs_content_hash_update(
			hash, (struct cfs_bytes){ data, (size_t)n }, err);
	return r < 0 ? r : n;
}

struct cfs_source cfs_content_hash_source(struct cfs_content_hash *hash,
					  const struct cfs_source *from)
{
	hash->from = from;
	return (struct cfs_source){ read_hashed, hash };
}

int cfs_content_hash_bytes(enum cfs_content_hash_alg alg, struct cfs_bytes data,
			   uint8_t ret[static CFS_CONTENT_MAX],
			   struct cfs_err *err)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	int r = make(alg, data.len <= CFS_SHA_SMALL, &hash, err);

	if (r == 0)
		r = cfs_content_hash_update(hash, data, err);
	return r < 0 ? r : cfs_content_hash_final(hash, ret, err);
}
