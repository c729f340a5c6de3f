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

/* Hex is read and written 64 digits at a time, in loops that compilers make
 * vector instructions of: an image has a digest for nearly every file. */
#define STEP 64

/* Returns the values of the digits or-ed together. */
static uint8_t bytes_of(const char *hex, uint8_t ret[static STEP / 2])
{
	uint8_t v[STEP], all = 0;

	for (size_t i = 0; i < STEP; i++) {
		/* Whatever is smaller wraps around to a large number. */
		uint8_t digit = (uint8_t)(hex[i] - '0');
		uint8_t letter = (uint8_t)((hex[i] | 0x20) - 'a');

		/* For anything but a hex digit both sides are 0xff. */
		v[i] = (digit < 10 ? digit : 0xff) &
		       (letter < 6 ? letter + 10 : 0xff);
		all |= v[i];
	}
	for (size_t i = 0; i < STEP / 2; i++)
		ret[i] = (uint8_t)(v[2 * i] << 4 | v[2 * i + 1]);
	return all;
}

static void hex_of(const uint8_t bytes[static STEP / 2], char *ret)
{
	uint8_t v[STEP];

	for (size_t i = 0; i < STEP / 2; i++) {
		v[2 * i] = bytes[i] >> 4;
		v[2 * i + 1] = bytes[i] & 15;
	}
	for (size_t i = 0; i < STEP; i++)
		ret[i] = (char)(v[i] + (v[i] > 9 ? 'a' - 10 : '0'));
}

int cfs_digest_from_hex(const char *hex, size_t len, struct cfs_digest *ret,
			struct cfs_err *err)
{
	struct cfs_digest digest = { .alg = len == 64 ? CFS_ALG_SHA256
						      : CFS_ALG_SHA512 };
	uint8_t all = 0;

	if (len != 64 && len != 128)
		return cfs_fail(err, EINVAL,
				"digest must have 64 or 128 hex digits, not "
				"%zu",
				len);
	/* Checked once at the end instead of at every digit. */
	for (size_t i = 0; i < len; i += STEP)
		all |= bytes_of(hex + i, digest.bytes + i / 2);
	if (all > 15)
		return cfs_fail(err, EINVAL, "digest is not hex");
	*ret = digest;
	return 0;
}

void cfs_digest_to_hex(const struct cfs_digest *digest,
		       char hex[static CFS_DIGEST_HEX_MAX])
{
	size_t size = cfs_alg_size(digest->alg);

	for (size_t i = 0; i < size; i += STEP / 2)
		hex_of(digest->bytes + i, hex + 2 * i);
	hex[2 * size] = '\0';
}

int cfs_alg_from_id(const char *id, enum cfs_alg *ret, struct cfs_err *err)
{
	const char *hash, *block;

	if (strncmp(id, "fsverity-", strlen("fsverity-")) != 0)
		return cfs_fail(err, EINVAL,
				"algorithm '%s' does not start with fsverity-",
				id);
	hash = id + strlen("fsverity-");
	/* The part after the last dash is log2 of the block size. */
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
				"algorithm '%s': unknown hash (supported: "
				"sha256, sha512)",
				id);
	return 0;
}

size_t cfs_digest_format(const struct cfs_digest *digest,
			 uint8_t ret[static CFS_FORMATTED_MAX])
{
	size_t size = cfs_alg_size(digest->alg);

	/* Source: linux/fsverity.h, struct fsverity_formatted_digest: magic,
	 * le16 algorithm, le16 size, digest. */
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
