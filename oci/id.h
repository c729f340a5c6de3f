/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Content digests of OCI: "sha256:" or "sha512:" and lower-case hex digits.
 * They name blobs (manifests, configs, layers as they are sent) and, as
 * diff_ids, the uncompressed archives of layers.
 *
 * Source: OCI image specification, descriptor.md, "Digests".
 */
#ifndef CFS_OCI_ID_H
#define CFS_OCI_ID_H

#include "base/bytes.h"
#include "base/err.h"
#include "fsverity/content_hash.h"

/* The longest, with its NUL. */
#define CFS_OCI_ID_MAX (sizeof("sha512:") + 2 * CFS_CONTENT_MAX)

/* Passed as the size of a blob: whatever it is. */
#define CFS_OCI_SIZE_ANY UINT64_MAX

struct cfs_oci_id {
	enum cfs_content_hash_alg alg;
	char text[CFS_OCI_ID_MAX]; /* the whole, NUL-terminated */
};

/* Reads an id.  Errors: -EINVAL, -EOPNOTSUPP another algorithm. */
int cfs_oci_id_parse(struct cfs_bytes text, struct cfs_oci_id *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The id of a hash of cfs_content_hash_size() bytes. */
void cfs_oci_id_of_hash(enum cfs_content_hash_alg alg, const uint8_t *hash,
			struct cfs_oci_id *ret) CFS_NONNULL;

/* The id of bytes.  Errors: of hashing. */
int cfs_oci_id_of_bytes(enum cfs_content_hash_alg alg, struct cfs_bytes data,
			struct cfs_oci_id *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Ends @hash, whose id is *@ret, and fails unless that is @want: "@what is ...,
 * expected ...".
 * Errors: -EBADMSG, with *@ret; of hashing, without it.
 */
int cfs_oci_id_compare(struct cfs_content_hash *hash,
		       const struct cfs_oci_id *want, const char *what,
		       struct cfs_oci_id *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends @hash and fails unless its id is @want: "@what is ..., expected ...".
 * Errors: -EBADMSG, of hashing. */
int cfs_oci_id_require(struct cfs_content_hash *hash,
		       const struct cfs_oci_id *want, const char *what,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

bool cfs_oci_id_equal(const struct cfs_oci_id *a,
		      const struct cfs_oci_id *b) CFS_NONNULL;

/* The hex digits alone. */
const char *cfs_oci_id_hex(const struct cfs_oci_id *id) CFS_NONNULL;

#endif
