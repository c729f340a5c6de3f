/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Results of earlier verifications: digests of EROFS images, which archives
 * layers are that were read, and which signatures are right.
 *
 * Layers have the digests of their streams, and the EROFS image that they make
 * follows from these and from the rules of this program alone; so does the
 * archive that a stream stands for.  Whether a signature is right follows from
 * it, what is signed, and the certificate.  What is kept is such a value, and
 * never a verdict: which signatures an image needs, and by whom, is judged each
 * time.  But a false value would vouch for another image, so values are kept
 * where only root and the user who reads them can write, and never in the
 * repository, which is what is verified:
 *
 *   /run/composefs/verified                   of root
 *   $XDG_RUNTIME_DIR/composefs/verified       of another user
 *
 * Both are tmpfs, so they are empty when the machine has started, or the user
 * has logged in.  They are used only if others can neither write to nor replace
 * any directory from / on, and if no symbolic link leads there.  Nothing here
 * fails: without such a place, or with anything odd in it, digests are
 * computed.
 */
#ifndef CFS_OCI_SEAL_MEMORY_H
#define CFS_OCI_SEAL_MEMORY_H

#include "base/auto.h"
#include "keys/pem.h"
#include "oci/image.h"

/* Values that are kept.  When there are more, all are forgotten. */
#define CFS_SEAL_MEMORY_MAX 1024

struct cfs_seal_memory {
	int fd; /* of the directory; -EBADF: nothing is remembered */
};

#define CFS_SEAL_MEMORY_NONE \
	{                    \
		.fd = -EBADF \
	}

/* Opens that of this user, and makes its directory if it is missing. */
void cfs_seal_memory_open(struct cfs_seal_memory *ret) CFS_NONNULL;

/* Opens the one in the directory @path, whose own parents and file system are
 * taken as they are. */
void cfs_seal_memory_open_at(const char *path,
			     struct cfs_seal_memory *ret) CFS_NONNULL;

void cfs_seal_memory_close(struct cfs_seal_memory *memory);

#define CFS_AUTOMEMORY __attribute__((cleanup(cfs_seal_memory_close)))

/* All that an EROFS image is made of. */
struct cfs_seal_recipe {
	enum cfs_alg alg; /* of its digest */
	unsigned format;
	bool bootable;
	enum cfs_xattr_filter filter;
	bool program_objects;
	const struct cfs_digest *layers; /* of their streams, in order */
	size_t n_layers;
};

/* Returns whether the digest of what @recipe makes is known, in *@ret. */
bool cfs_seal_recall(const struct cfs_seal_memory *memory,
		     const struct cfs_seal_recipe *recipe,
		     struct cfs_digest *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Remembers that @recipe makes @id. */
void cfs_seal_remember(const struct cfs_seal_memory *memory,
		       const struct cfs_seal_recipe *recipe,
		       const struct cfs_digest *id) CFS_NONNULL;

/* Returns whether the stream @stream is remembered to stand for the archive
 * @archive. */
bool cfs_seal_recall_archive(
	const struct cfs_seal_memory *memory, const struct cfs_digest *stream,
	const struct cfs_oci_id *archive) CFS_MUST_CHECK CFS_NONNULL;

/* Remembers that it does. */
void cfs_seal_remember_archive(const struct cfs_seal_memory *memory,
			       const struct cfs_digest *stream,
			       const struct cfs_oci_id *archive) CFS_NONNULL;

/* A signature to look up: a PKCS#7 blob over a digest, and the certificates
 * that it is verified with, in their order. */
struct cfs_seal_signature {
	struct cfs_oci_id blob;
	struct cfs_digest digest;
	const struct cfs_certs *certs;
};

/* Returns whether @signature is remembered to be right, with the index of the
 * signer's certificate in *@ret_cert. */
bool cfs_seal_recall_signature(const struct cfs_seal_memory *memory,
			       const struct cfs_seal_signature *signature,
			       unsigned *ret_cert) CFS_MUST_CHECK CFS_NONNULL;

/* Remembers that it is, by the certificate @cert. */
void cfs_seal_remember_signature(const struct cfs_seal_memory *memory,
				 const struct cfs_seal_signature *signature,
				 unsigned cert) CFS_NONNULL;

#endif
