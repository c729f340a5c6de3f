/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/digest.h"

#include <string.h>

size_t cfs_alg_size(enum cfs_alg alg)
{
	return alg == CFS_ALG_SHA512 ? 64 : 32;
}

const char *cfs_alg_name(enum cfs_alg alg)
{
	return alg == CFS_ALG_SHA512 ? "sha512" : "sha256";
}

/* One more than the value of a hex digit; 0: it is none. */
static const uint8_t hex_digits[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

int cfs_digest_from_hex(const char *hex, size_t len, struct cfs_digest *ret,
			struct cfs_err *err)
{
	struct cfs_digest digest = { 0 };

	if (len == 64)
		digest.alg = CFS_ALG_SHA256;
	else if (len == 128)
		digest.alg = CFS_ALG_SHA512;
	else
		return cfs_fail(err, EINVAL, "digest has %zu hex digits", len);

	for (size_t i = 0; i < len / 2; i++) {
		unsigned hi = hex_digits[(uint8_t)hex[2 * i]];
		unsigned lo = hex_digits[(uint8_t)hex[2 * i + 1]];

		if (hi == 0 || lo == 0)
			return cfs_fail(err, EINVAL, "digest is not hex");
		digest.bytes[i] = (uint8_t)((hi - 1) << 4 | (lo - 1));
	}
	*ret = digest;
	return 0;
}

void cfs_digest_to_hex(const struct cfs_digest *digest,
		       char hex[static CFS_DIGEST_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t size = cfs_alg_size(digest->alg);

	for (size_t i = 0; i < size; i++) {
		hex[2 * i] = digits[digest->bytes[i] >> 4];
		hex[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	hex[2 * size] = '\0';
}

void cfs_digest_to_path(const struct cfs_digest *digest,
			char path[static CFS_OBJECT_PATH_MAX])
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(digest, hex);
	memcpy(path, hex, 2);
	path[2] = '/';
	memcpy(path + 3, hex + 2, strlen(hex + 2) + 1);
}

const char *cfs_alg_id(enum cfs_alg alg)
{
	return alg == CFS_ALG_SHA512 ? "fsverity-sha512-12"
				     : "fsverity-sha256-12";
}

int cfs_alg_from_id(const char *id, enum cfs_alg *ret, struct cfs_err *err)
{
	const char *hash, *block;

	if (strncmp(id, "fsverity-", strlen("fsverity-")) != 0)
		return cfs_fail(err, EINVAL,
				"algorithm '%s' does not start with fsverity-",
				id);
	hash = id + strlen("fsverity-");
	block = strrchr(hash, '-');
	if (!block || strcmp(block, "-12") != 0)
		return cfs_fail(err, EINVAL,
				"algorithm '%s': unsupported block size, "
				"only -12 (4096 bytes) is known",
				id);
	if (block - hash == 6 && memcmp(hash, "sha256", 6) == 0)
		*ret = CFS_ALG_SHA256;
	else if (block - hash == 6 && memcmp(hash, "sha512", 6) == 0)
		*ret = CFS_ALG_SHA512;
	else
		return cfs_fail(err, EINVAL,
				"algorithm '%s': unknown hash, sha256 and "
				"sha512 are known",
				id);
	return 0;
}

size_t cfs_digest_format(const struct cfs_digest *digest,
			 uint8_t ret[static CFS_FORMATTED_MAX])
{
	size_t size = cfs_alg_size(digest->alg);

	memcpy(ret, "FSVerity", 8);
	ret[8] = (uint8_t)digest->alg;
	ret[9] = 0;
	ret[10] = (uint8_t)size;
	ret[11] = 0;
	memcpy(ret + 12, digest->bytes, size);
	return 12 + size;
}

bool cfs_digest_equal(const struct cfs_digest *a, const struct cfs_digest *b)
{
	return a->alg == b->alg &&
	       memcmp(a->bytes, b->bytes, cfs_alg_size(a->alg)) == 0;
}
