/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fs-verity digests: hash algorithm, bytes, and the forms they have as text.
 *
 * Source: linux/fsverity.h (algorithm numbers), composefs-rs
 * crates/composefs/src/fsverity/hashvalue.rs ("sha256-12").
 */
#ifndef CFS_FSVERITY_DIGEST_H
#define CFS_FSVERITY_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Values are FS_VERITY_HASH_ALG_*. */
enum cfs_alg {
	CFS_ALG_SHA256 = 1,
	CFS_ALG_SHA512 = 2,
};

#define CFS_DIGEST_MAX	   64 /* bytes, sha512 */
#define CFS_DIGEST_HEX_MAX (2 * CFS_DIGEST_MAX + 1)

struct cfs_digest {
	enum cfs_alg alg;
	uint8_t bytes[CFS_DIGEST_MAX]; /* cfs_alg_size(alg) of them count */
};

/* Returns the length of a digest of @alg in bytes: 32 or 64. */
size_t cfs_alg_size(enum cfs_alg alg);

/* Returns "sha256" or "sha512". */
const char *cfs_alg_name(enum cfs_alg alg);

/*
 * Parses @len characters of lower- or upper-case hex.  The length decides the
 * algorithm: 64 for sha256, 128 for sha512.
 *
 * Errors: -EINVAL for any other length, or a character that is not hex.
 */
int cfs_digest_from_hex(const char *hex, size_t len, struct cfs_digest *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes lower-case hex and a NUL. */
void cfs_digest_to_hex(const struct cfs_digest *digest,
		       char hex[static CFS_DIGEST_HEX_MAX]) CFS_NONNULL;

/* Room for "xx/", the remaining hex digits, and a NUL. */
#define CFS_OBJECT_PATH_MAX (CFS_DIGEST_HEX_MAX + 1)

/* Writes "xx/yyyy...", the object's name below objects/, and a NUL. */
void cfs_digest_to_path(const struct cfs_digest *digest,
			char path[static CFS_OBJECT_PATH_MAX]) CFS_NONNULL;

/* Returns the name of @alg in meta.json: "fsverity-sha256-12" or
 * "fsverity-sha512-12". */
const char *cfs_alg_id(enum cfs_alg alg);

/*
 * Reads an algorithm name as meta.json and `cfsctl init --algorithm` have it.
 * Errors: -EINVAL, worded (prefix, block size or hash).
 */
int cfs_alg_from_id(const char *id, enum cfs_alg *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes the bytes that a builtin signature signs: "FSVerity", le16 algorithm,
 * le16 size, digest.  Returns their number (44 or 76).
 * Source: linux/fsverity.h, struct fsverity_formatted_digest.
 */
#define CFS_FORMATTED_MAX (12 + CFS_DIGEST_MAX)
size_t cfs_digest_format(const struct cfs_digest *digest,
			 uint8_t ret[static CFS_FORMATTED_MAX]) CFS_NONNULL;

/* Returns whether @a and @b have the same algorithm and bytes.  Not in constant
 * time, because both are public. */
bool cfs_digest_equal(const struct cfs_digest *a,
		      const struct cfs_digest *b) CFS_NONNULL;

#endif
