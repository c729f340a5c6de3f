/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Roles of digests in the sealing metadata of an image, and the annotation
 * keys that name them:
 *
 *   composefs.manifest.fsverity-ALG          the manifest, as it was served
 *   composefs.config.fsverity-ALG            the configuration, as served
 *   composefs.layer.erofs.v1.fsverity-ALG    EROFS image of one layer
 *   composefs.merged.erofs.v1.fsverity-ALG   EROFS image of all layers
 *   composefs.merged.bootable.erofs.v1.fsverity-ALG    that of the boot tree
 *
 * ALG is sha256-12 or sha512-12: the hash and log2 of the Merkle tree's block
 * size.  EROFS images are of format 1.
 *
 * Source: composefs-rs 0.9.0, crates/composefs-oci/src/sealing_spec.rs.
 */
#ifndef CFS_OCI_SEAL_KEY_H
#define CFS_OCI_SEAL_KEY_H

#include "base/bytes.h"
#include "fsverity/digest.h"

/* In the order in which an artifact lists them. */
enum cfs_seal_role {
	CFS_SEAL_MANIFEST,
	CFS_SEAL_CONFIG,
	CFS_SEAL_LAYER,
	CFS_SEAL_MERGED,
	CFS_SEAL_BOOTABLE,
};

#define CFS_SEAL_ROLES 5

/* Returns "manifest", "config", "layer", "merged" or "merged.bootable". */
const char *cfs_seal_role_name(enum cfs_seal_role role);

/* Finds the role that cfs_seal_role_name() gives @name.  Returns false if there
 * is none. */
bool cfs_seal_role_find(struct cfs_bytes name,
			enum cfs_seal_role *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Bytes of the longest key with its NUL, rounded up. */
#define CFS_SEAL_KEY_MAX 64

/* Writes the key of @role and @alg. */
void cfs_seal_key_format(enum cfs_seal_role role, enum cfs_alg alg,
			 char ret[static CFS_SEAL_KEY_MAX]) CFS_NONNULL;

enum cfs_seal_key_kind {
	CFS_SEAL_KEY_FOREIGN, /* does not begin with "composefs." */
	CFS_SEAL_KEY_DIGEST,  /* role and algorithm are set */
	CFS_SEAL_KEY_SIG,     /* such a key with ".sig" behind it: a signature
				 in base64, beside the digest in a manifest */
	CFS_SEAL_KEY_ALG,     /* of a known role, but with another hash or
				 block size: only the role is set */
	CFS_SEAL_KEY_UNKNOWN, /* of a role or an EROFS format that is not known:
				 written by a newer program */
};

/* Reads an annotation key, as it is written in JSON without its quotes. */
enum cfs_seal_key_kind cfs_seal_key_parse(struct cfs_bytes key,
					  enum cfs_seal_role *ret_role,
					  enum cfs_alg *ret_alg) CFS_NONNULL;

/*
 * Reads the digest of @alg that an annotation has for its value @text.
 * Errors: -EINVAL it is not lower-case hex of the right length.
 */
int cfs_seal_digest_parse(struct cfs_bytes text, enum cfs_alg alg,
			  struct cfs_digest *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
