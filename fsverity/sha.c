/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/sha.h"

#include <stdatomic.h>
#include <string.h>
#ifdef __x86_64__
#include <sys/platform/x86.h>
#endif

#include "base/libcrypto.h"
#include "fsverity/sha_kernel.h"

#define BLOCK_MAX CFS_SHA512_BLOCK

/*
 * A way to hash: up to three kernels, with fewer lanes each.  A kernel is used
 * while at least @from messages are left, which is where it begins to beat the
 * next one (measured on server processors with messages of 4096 bytes).  The
 * last one takes single messages.
 */
struct way {
	struct {
		const struct cfs_sha_kernel *kernel;
		size_t from;
	} steps[3];
	bool (*is_there)(void); /* NULL: used on request only */
};

struct cfs_sha {
	enum cfs_alg alg;
	const struct way *way; /* one of our own; NULL: libcrypto */
	bool waits; /* for so many bytes that libcrypto is the faster way */
	EVP_MD *md; /* fetched once: looking it up costs a tenth of a block */
	EVP_MD_CTX *ctx;
};

#ifdef __x86_64__
/* The features that libc found when it started.  Asking the processor again, by
 * CPUID or the compiler's built-in, traps in a virtual machine, and the
 * built-in would do so at every start of the program. */
static bool has_avx512(void)
{
	return CPU_FEATURE_ACTIVE(AVX512F) && CPU_FEATURE_ACTIVE(AVX512BW);
}

static bool has_avx2(void)
{
	return CPU_FEATURE_ACTIVE(AVX2);
}

static bool has_sha_ni(void)
{
	return CPU_FEATURE_ACTIVE(SSE4_1) && CPU_FEATURE_ACTIVE(SHA);
}

static bool has_avx512_and_sha_ni(void)
{
	return has_avx512() && has_sha_ni();
}
#endif

/* In the order of preference. */
static const struct way ways[] = {
#ifdef __x86_64__
	{ { { &cfs_sha256_avx512, 12 },
	    { &cfs_sha256_ni_2, 2 },
	    { &cfs_sha256_ni, 1 } },
	  has_avx512_and_sha_ni },
	{ { { &cfs_sha256_avx512, 2 }, { &cfs_sha256_portable, 1 } },
	  has_avx512 },
	{ { { &cfs_sha512_avx512, 2 }, { &cfs_sha512_portable, 1 } },
	  has_avx512 },
	{ { { &cfs_sha256_ni_2, 2 }, { &cfs_sha256_ni, 1 } }, has_sha_ni },
	{ { { &cfs_sha256_avx2, 2 }, { &cfs_sha256_portable, 1 } }, has_avx2 },
	{ { { &cfs_sha512_avx2, 2 }, { &cfs_sha512_portable, 1 } }, has_avx2 },
#endif
	{ { { &cfs_sha256_portable, 1 } }, NULL },
	{ { { &cfs_sha512_portable, 1 } }, NULL },
};

static size_t block_size(enum cfs_alg alg)
{
	return alg == CFS_ALG_SHA512 ? CFS_SHA512_BLOCK : CFS_SHA256_BLOCK;
}

static void put_be32(uint8_t *out, uint32_t word)
{
	out[0] = (uint8_t)(word >> 24);
	out[1] = (uint8_t)(word >> 16);
	out[2] = (uint8_t)(word >> 8);
	out[3] = (uint8_t)word;
}

static void put_be64(uint8_t *out, uint64_t word)
{
	put_be32(out, (uint32_t)(word >> 32));
	put_be32(out + 4, (uint32_t)word);
}

/* Writes the blocks behind the last whole block of a message: the @len bytes'
 * @rest, padding and length.  Returns their number, 1 or 2. */
static size_t pad(enum cfs_alg alg, const uint8_t *rest, size_t len,
		  uint8_t out[static 2 * BLOCK_MAX])
{
	size_t block = block_size(alg), left = len % block;
	size_t blocks = left + 1 + block / 8 > block ? 2 : 1;

	memset(out, 0, blocks * block);
	if (left > 0)
		memcpy(out, rest, left);
	out[left] = 0x80;
	put_be64(out + blocks * block - 8, (uint64_t)len * 8);
	return blocks;
}

union state {
	uint32_t w32[8 * CFS_SHA_LANES_MAX];
	uint64_t w64[8 * CFS_SHA_LANES_MAX];
};

static void start(const struct cfs_sha_kernel *k, union state *state)
{
	for (unsigned i = 0; i < 8 * k->lanes; i++) {
		if (k->alg == CFS_ALG_SHA512)
			state->w64[i] = cfs_sha512_h[i / k->lanes];
		else
			state->w32[i] = cfs_sha256_h[i / k->lanes];
	}
}

static void finish(const struct cfs_sha_kernel *k, const union state *state,
		   unsigned lane, uint8_t *out)
{
	for (unsigned i = 0; i < 8; i++) {
		if (k->alg == CFS_ALG_SHA512)
			put_be64(out + 8 * i, state->w64[i * k->lanes + lane]);
		else
			put_be32(out + 4 * i, state->w32[i * k->lanes + lane]);
	}
}

/* Hashes @n messages, at most as many as there are lanes.  Lanes without a
 * message repeat the last one. */
static void hash_lanes(const struct cfs_sha_kernel *k, size_t n,
		       const uint8_t *const *in, size_t len, uint8_t *out)
{
	size_t whole = len / block_size(k->alg) * block_size(k->alg);
	uint8_t tails[CFS_SHA_LANES_MAX][2 * BLOCK_MAX];
	const uint8_t *at[CFS_SHA_LANES_MAX], *tail[CFS_SHA_LANES_MAX];
	union state state;
	size_t blocks = 0;

	for (size_t l = 0; l < k->lanes; l++) {
		at[l] = in[l < n ? l : n - 1];
		tail[l] = tails[len > whole ? l : 0];
		if (len > whole || l == 0)
			blocks = pad(k->alg, at[l] + whole, len, tails[l]);
	}
	start(k, &state);
	k->compress(&state, at, len / block_size(k->alg));
	k->compress(&state, tail, blocks);
	for (unsigned l = 0; l < n; l++)
		finish(k, &state, l, out + l * cfs_alg_size(k->alg));
}

static void hash_ours(const struct cfs_sha *sha, size_t n,
		      const uint8_t *const *in, size_t len, uint8_t *out)
{
	size_t step = 0;

	while (n > 0) {
		const struct cfs_sha_kernel *k = sha->way->steps[step].kernel;
		size_t now = n < k->lanes ? n : k->lanes;

		if (n < sha->way->steps[step].from) {
			step++;
			continue;
		}
		hash_lanes(k, now, in, len, out);
		n -= now;
		in += now;
		out += now * cfs_alg_size(sha->alg);
	}
}

/*
 * Returns whether a kernel hashes messages of one and of two blocks correctly,
 * in its first and its last lane.
 * Source: FIPS 180-2, B.1 ("abc"), and the NIST examples SHA256.pdf and
 * SHA512.pdf; of the second message the first 8 bytes are compared.
 */
static bool answers_right(const struct cfs_sha_kernel *k)
{
	static const char two[] =
		"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
	static const uint8_t want[2][2][8] = {
		{ { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea },
		  { 0xcf, 0x5b, 0x16, 0xa7, 0x78, 0xaf, 0x83, 0x80 } },
		{ { 0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba },
		  { 0x8e, 0x95, 0x9b, 0x75, 0xda, 0xe3, 0x13, 0xda } },
	};
	const uint8_t(*mine)[8] = want[k->alg == CFS_ALG_SHA512];
	uint8_t out[CFS_SHA_LANES_MAX * CFS_DIGEST_MAX];
	const uint8_t *in[CFS_SHA_LANES_MAX];
	size_t last = (k->lanes - 1) * cfs_alg_size(k->alg);

	for (unsigned i = 0; i < 2; i++) {
		const char *text = i == 0 ? "abc" : two;

		for (unsigned l = 0; l < k->lanes; l++)
			in[l] = (const uint8_t *)text;
		hash_lanes(k, k->lanes, in, strlen(text), out);
		if (memcmp(out, mine[i], 8) != 0 ||
		    memcmp(out + last, mine[i], 8) != 0)
			return false;
	}
	return true;
}

static bool all_answer_right(const struct way *way)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(way->steps); i++)
		if (way->steps[i].kernel &&
		    !answers_right(way->steps[i].kernel))
			return false;
	return true;
}

/* Returns whether a way gives right answers.  It is tested once per process;
 * two threads that test it at the same time get the same result. */
static bool is_tested(size_t way)
{
	static uint8_t answers[CFS_ARRAY_SIZE(ways)]; /* 1: right, 2: wrong */
	uint8_t answer = __atomic_load_n(&answers[way], __ATOMIC_RELAXED);

	if (answer == 0) {
		answer = all_answer_right(&ways[way]) ? 1 : 2;
		__atomic_store_n(&answers[way], answer, __ATOMIC_RELAXED);
	}
	return answer == 1;
}

/* Chooses one of our own ways: the one called @name, or the best if @name is
 * NULL.  Returns 1, or 0 if @name is NULL and libcrypto would be faster. */
static int choose_ours(struct cfs_sha *sha, const char *name,
		       struct cfs_err *err)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(ways); i++) {
		const struct way *way = &ways[i];
		const struct cfs_sha_kernel *widest = way->steps[0].kernel;

		if (widest->alg != sha->alg ||
		    (name && strcmp(name, widest->name) != 0) ||
		    (way->is_there ? !way->is_there() : !name))
			continue;
		if (!is_tested(i))
			return cfs_fail(err, EIO,
					"%s by %s gives a wrong hash: the "
					"processor or this program is broken, "
					"CFS_HASH=openssl may do",
					cfs_alg_name(sha->alg), widest->name);
		sha->way = way;
		return 1;
	}
	if (!name)
		return 0;
	return cfs_fail(err, ENOTSUP,
			"CFS_HASH=%s: this machine has no such way to compute "
			"%s",
			name, cfs_alg_name(sha->alg));
}

static int choose_openssl(struct cfs_sha *sha, struct cfs_err *err)
{
	int r = cfs_libcrypto_load(err);

	if (r < 0)
		return r;
	sha->md = EVP_MD_fetch(NULL, cfs_alg_name(sha->alg), NULL);
	sha->ctx = EVP_MD_CTX_new();
	if (!sha->md || !sha->ctx)
		return cfs_fail(err, ENOTSUP, "libcrypto offers no %s",
				cfs_alg_name(sha->alg));
	return 0;
}

/* Goes over to libcrypto if that is worth it for @bytes more.  It is preferred
 * for its speed alone, so one that is not installed is not missed. */
static int reconsider(struct cfs_sha *sha, size_t bytes, struct cfs_err *err)
{
	static atomic_size_t hashed; /* by this process, in such a way */
	int r;

	if (atomic_fetch_add(&hashed, bytes) + bytes <= CFS_SHA_SMALL)
		return 0;
	sha->waits = false;
	r = choose_openssl(sha, err);
	if (r == 0)
		sha->way = NULL;
	return r == -ELIBACC ? 0 : r;
}

int cfs_sha_new(enum cfs_alg alg, struct cfs_sha **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = calloc(1, sizeof(*sha));
	const char *name = getenv("CFS_HASH");
	int r;

	if (!sha)
		return cfs_no_memory(err);
	sha->alg = alg;
	/* A name for SHA-256 alone leaves SHA-512 as it is. */
	if (name && strcmp(name, "sha-ni") == 0 && alg == CFS_ALG_SHA512)
		name = NULL;
	if (name && strcmp(name, "openssl") == 0)
		r = choose_openssl(sha, err);
	else
		r = choose_ours(sha, name, err);
	if (r == 0 && !name) {
		sha->waits = true;
		r = choose_ours(sha, "portable", err);
	}
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&sha);
	return 0;
}

void cfs_sha_free(struct cfs_sha *sha)
{
	if (!sha)
		return;
	if (sha->ctx)
		EVP_MD_CTX_free(sha->ctx);
	if (sha->md)
		EVP_MD_free(sha->md);
	free(sha);
}

const char *cfs_sha_way(const struct cfs_sha *sha)
{
	return sha->way ? sha->way->steps[0].kernel->name : "openssl";
}

const struct cfs_sha_kernel *cfs_sha_kernel(const struct cfs_sha *sha,
					    unsigned lanes)
{
	for (size_t i = 0; sha->way && i < CFS_ARRAY_SIZE(sha->way->steps);
	     i++) {
		const struct cfs_sha_kernel *k = sha->way->steps[i].kernel;

		if (k && k->lanes == lanes)
			return k;
	}
	return NULL;
}

int cfs_sha_blocks(struct cfs_sha *sha, size_t n, const uint8_t *const *in,
		   size_t len, uint8_t *out, struct cfs_err *err)
{
	int r = sha->waits ? reconsider(sha, n * len, err) : 0;

	if (r < 0)
		return r;
	if (sha->way) {
		hash_ours(sha, n, in, len, out);
		return 0;
	}
	for (size_t i = 0; i < n; i++, out += cfs_alg_size(sha->alg)) {
		if (!EVP_DigestInit_ex2(sha->ctx, sha->md, NULL) ||
		    !EVP_DigestUpdate(sha->ctx, in[i], len) ||
		    !EVP_DigestFinal_ex(sha->ctx, out, NULL))
			return cfs_fail(err, EIO, "libcrypto failed to hash");
	}
	return 0;
}
