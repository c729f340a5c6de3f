/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sealing metadata as an artifact about an image: an OCI manifest whose layers
 * are PKCS#7 signatures of fs-verity digests, each with an annotation that
 * holds the digest and whose key names its role.  Nothing in it is trusted:
 * oci/seal/judge.h compares every digest with one computed here.
 *
 * Source: composefs-rs 0.9.0, crates/composefs-oci/src/sealing_spec.rs.
 */
#ifndef CFS_OCI_SEAL_ARTIFACT_H
#define CFS_OCI_SEAL_ARTIFACT_H

#include "base/buf.h"
#include "oci/manifest.h"
#include "oci/seal/key.h"

#define CFS_SEAL_TYPE	  "application/vnd.composefs.metadata.v1"
#define CFS_SEAL_BLOB	  "application/vnd.composefs.signature.v1+pkcs7"
#define CFS_SEAL_TEXT_MAX (1u << 20) /* bytes of the manifest */
/* Layers of the manifest, those included that are skipped. */
#define CFS_SEAL_ENTRIES_MAX 16

/* The artifact's type. */
enum cfs_seal_form {
	CFS_SEAL_METADATA, /* CFS_SEAL_TYPE, the only one that is written */
	/*
	 * Two drafts, which have the role in "composefs.signature.type", the
	 * digest in "composefs.digest" and one "composefs.algorithm" for all.
	 */
	CFS_SEAL_ALONGSIDE, /* application/vnd.composefs.erofs-alongside.v1,
			       EROFS images (never used) before signatures */
	CFS_SEAL_CANONICAL, /* application/vnd.composefs.canonical.v1 */
	CFS_SEAL_INLINE,    /* no artifact: annotations in the image's manifest,
			    see oci/seal/inline.h */
};

struct cfs_seal_entry {
	enum cfs_seal_role role;
	size_t layer; /* CFS_SEAL_LAYER: the number of the layer, from 0 */
	struct cfs_digest digest;
	bool is_signed;		/* false: there is a digest only */
	struct cfs_oci_id blob; /* the signature's */
	uint64_t size;		/* of the blob, at most CFS_SIGNATURE_MAX */
};

struct cfs_seal_artifact {
	enum cfs_seal_form form;
	enum cfs_alg alg; /* of all digests */
	/* Media type, digest and size of the image's manifest.  Drafts wrote
	 * wrong sizes: only the digest binds. */
	struct cfs_oci_descriptor subject;
	unsigned n;
	struct cfs_seal_entry v[CFS_SEAL_ENTRIES_MAX];
	unsigned n_skipped; /* entries only newer programs know */
};

/*
 * Is @type the type of such an artifact?  Returns false for other types.
 * @ret may be NULL.
 */
bool cfs_seal_form_of(const char *type, enum cfs_seal_form *ret)
	__attribute__((nonnull(1)));

/*
 * Reads the manifest of an artifact.
 *
 * Entries are in the order of their roles, each role but the layer's at most
 * once, and there is one of role merged.  All have one algorithm; entries with
 * unknown roles, EROFS formats, block sizes and hashes are skipped.  Digests
 * are lower-case hex.
 *
 * Returns 1, or 0 if @text is a manifest of another type.
 * Errors, worded with the number of the entry: -EINVAL a rule is broken,
 * -EOPNOTSUPP every digest has an unsupported block size or hash, -EFBIG a
 * limit is exceeded, -ENOMEM.
 */
int cfs_seal_artifact_read(struct cfs_bytes text, struct cfs_seal_artifact *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the manifest of @artifact to @out, as CFS_SEAL_METADATA and without
 * white space: the same artifact gives the same bytes.  An entry that is not
 * signed gets a blob of no bytes; see cfs_seal_empty_blob().
 * Errors: -ENOMEM.
 */
int cfs_seal_artifact_write(const struct cfs_seal_artifact *artifact,
			    struct cfs_buf *out,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The blob of an entry that is not signed: no bytes. */
void cfs_seal_empty_blob(struct cfs_oci_id *ret) CFS_NONNULL;

/* The artifact's configuration, "{}".
 * Source: OCI image specification, manifest.md, "Guidance for an empty
 * descriptor". */
#define CFS_SEAL_CONFIG_TEXT "{}"
void cfs_seal_empty_config(struct cfs_oci_id *ret) CFS_NONNULL;

#endif
