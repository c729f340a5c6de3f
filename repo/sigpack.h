/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signature packs: the signatures of an image's objects in one file with an
 * index, signatures/<hex>.pack for the image <hex>.
 *
 * All integers are little-endian.  The file begins with a header of 16 bytes:
 *
 *	offset  bytes
 *	0       8       magic, "CFSSIGPK"
 *	8       2       version of the format, 1
 *	10      2       hash algorithm of all digests, FS_VERITY_HASH_ALG_*
 *	12      4       number of signatures, at least 1
 *
 * The index follows, an entry for each signature, in ascending order of the
 * digests, none of them twice:
 *
 *	0       32, 64  fs-verity digest of the object
 *	..      4       end of its signature: bytes from the end of the index
 *
 * Then come the signatures, PKCS#7 in DER, in the same order and without gaps:
 * each begins where the one before ends, has 1 to CFS_SIGNATURE_MAX bytes, and
 * the last one ends with the file.  There is one file only for the same
 * signatures.
 *
 * As with other signatures, any process that can write to the repository can
 * write a pack: its contents prove nothing until they are verified.
 */
#ifndef CFS_REPO_SIGPACK_H
#define CFS_REPO_SIGPACK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "fsverity/digest.h"

#define CFS_SIGPACK_VERSION 1

/* The size of the largest pack that is read or written. */
#define CFS_SIGPACK_MAX (UINT64_C(1) << 30)

/* A pack that was read; borrows its bytes. */
struct cfs_sigpack {
	enum cfs_alg alg;
	uint32_t n;
	struct cfs_bytes index, data;
};

struct cfs_sigpack_entry {
	struct cfs_digest id; /* of the object */
	struct cfs_bytes der; /* borrowed */
};

/*
 * Reads the pack @bytes.
 * Errors: -EBADMSG it is no pack, or a damaged one; -EOPNOTSUPP a newer version
 * of the format; -EFBIG over CFS_SIGPACK_MAX.
 */
int cfs_sigpack_read(struct cfs_bytes bytes, struct cfs_sigpack *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Entry @i, below pack->n. */
void cfs_sigpack_get(const struct cfs_sigpack *pack, uint32_t i,
		     struct cfs_sigpack_entry *ret) CFS_NONNULL;

/* Sets *@ret to the signature of the object @id.  Returns false if there is
 * none. */
bool cfs_sigpack_find(const struct cfs_sigpack *pack,
		      const struct cfs_digest *id,
		      struct cfs_bytes *ret) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the pack of the @n signatures in @entries, in any order, to @out, and
 * of those of the pack @old (or NULL) of other objects.
 * Errors: those of cfs_sigpack_write().
 */
int cfs_sigpack_merge(const struct cfs_sigpack *old,
		      const struct cfs_sigpack_entry *entries, size_t n,
		      struct cfs_buf *out, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(4, 5)));

/*
 * Appends the pack of the @n signatures to @out.  They have to be what
 * cfs_sigpack_read() accepts: at least one, in order, of one algorithm.
 * Errors: -EINVAL they are not; -EFBIG the pack would be larger than
 * CFS_SIGPACK_MAX; -ENOMEM.
 */
int cfs_sigpack_write(const struct cfs_sigpack_entry *entries, size_t n,
		      struct cfs_buf *out,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
