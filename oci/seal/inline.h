/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sealing metadata in the manifest of the image itself, as annotations: the
 * digest of the configuration in its descriptor, that of a layer in the
 * layer's, those of the merged images at the top.  KEY.sig beside KEY has its
 * signature, PKCS#7 DER in base64.  There is no digest of the manifest, and so
 * nothing vouches for the rest of it.
 *
 * They stay with the image where artifacts are lost, and change its digest.
 *
 * Source: composefs-rs 0.9.0, crates/composefs-oci/src/sealing_spec.rs,
 * "composefs-meta-included".
 */
#ifndef CFS_OCI_SEAL_INLINE_H
#define CFS_OCI_SEAL_INLINE_H

#include "oci/seal/artifact.h"
#include "oci/seal/make.h"

/*
 * Reads the annotations of the manifest @text, whose digest is @id, that are of
 * the algorithm @alg: what they say of configuration and merged images becomes
 * the entries of *@ret, in the order of their roles, with the image for a
 * subject.  Signatures go to *@blobs, which the caller frees, also after an
 * error.  Digests of layers prove nothing about the image, and are left out.
 *
 * Returns 1, or 0 if there are no such annotations.
 * Errors, worded with the place: -EINVAL a rule is broken (no merged image, a
 * role in the wrong place, a signature without a digest or not in base64),
 * -EOPNOTSUPP all of them are of other algorithms, -EFBIG, -ENOMEM.
 */
int cfs_seal_inline_read(const struct cfs_oci_id *id, struct cfs_bytes text,
			 enum cfs_alg alg, struct cfs_seal_artifact *ret,
			 struct cfs_seal_blobs *blobs,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the manifest @text to @out with the annotations of configuration and
 * merged images that @facts knows, signed where @blobs has a signature, in
 * place of those of the same algorithm.  All else stays as it is, byte for
 * byte; the same input gives the same bytes.
 *
 * @layers: those of the layers are replaced, too: by the digests of
 * facts->layers, if that is not NULL, or by none.
 *
 * Errors: -EINVAL @text is no manifest; -EFBIG, -ENOMEM.
 */
int cfs_seal_inline_write(struct cfs_bytes text,
			  const struct cfs_seal_facts *facts,
			  const struct cfs_seal_blobs *blobs, bool layers,
			  struct cfs_buf *out,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The label of a configuration that names the merged EROFS image of format 1,
 * and the algorithm by the length of its digest. */
#define CFS_SEAL_LABEL "containers.composefs.fsverity"

/* A label of a configuration; neither text needs escapes in JSON. */
struct cfs_seal_label {
	const char *name, *value;
};

/*
 * Appends the configuration @text to @out with @label, in place of one of that
 * name.  All else stays as it is, byte for byte.
 * Errors: -EINVAL, -EFBIG, -ENOMEM.
 */
int cfs_seal_set_label(struct cfs_bytes text,
		       const struct cfs_seal_label *label, struct cfs_buf *out,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the manifest @text to @out with the digest @id and size @size of
 * another configuration.
 * Errors: -EINVAL @text is no manifest, -EOPNOTSUPP it has the configuration
 * itself in it, too; -EFBIG, -ENOMEM.
 */
int cfs_seal_set_config(struct cfs_bytes text, const struct cfs_oci_id *id,
			uint64_t size, struct cfs_buf *out,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
