/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks the OCI images of a repository: that manifest and configuration are
 * what their digests say, and that layers and EROFS images are complete.
 * Nothing is changed.  The objects and streams as such are checked by
 * cfs_repo_fsck().
 *
 * Source: composefs-rs crates/composefs-oci/src/oci_image.rs, fsck.
 */
#ifndef CFS_OCI_FSCK_H
#define CFS_OCI_FSCK_H

#include "base/buf.h"
#include "oci/id.h"
#include "repo/good.h"
#include "repo/open.h"

/* The kind of a finding.  Those that composefs-rs has, too, have its names;
 * "layer-digest-mismatch" and the two of EROFS images are additions. */
enum cfs_oci_fsck_code {
	CFS_OCI_FSCK_REF_RESOLVE_FAILED,
	CFS_OCI_FSCK_INVALID_REF_NAME,
	CFS_OCI_FSCK_MANIFEST_READ_FAILED,
	CFS_OCI_FSCK_MANIFEST_DIGEST_MISMATCH,
	CFS_OCI_FSCK_MANIFEST_PARSE_FAILED,
	CFS_OCI_FSCK_CONFIG_REF_MISSING,
	CFS_OCI_FSCK_CONFIG_READ_FAILED,
	CFS_OCI_FSCK_CONFIG_DIGEST_MISMATCH,
	CFS_OCI_FSCK_CONFIG_PARSE_FAILED,
	CFS_OCI_FSCK_LAYER_REF_MISSING,
	CFS_OCI_FSCK_LAYER_STREAM_MISSING,
	CFS_OCI_FSCK_LAYER_CHECK_FAILED,
	CFS_OCI_FSCK_LAYER_OBJECT_MISSING,
	CFS_OCI_FSCK_LAYER_DIGEST_MISMATCH,
	CFS_OCI_FSCK_ARTIFACT_LAYER_REF_MISSING,
	CFS_OCI_FSCK_ARTIFACT_LAYER_OBJECT_MISSING,
	CFS_OCI_FSCK_SEAL_IMAGE_MISSING,
	CFS_OCI_FSCK_EROFS_IMAGE_MISSING,
	CFS_OCI_FSCK_EROFS_IMAGE_INVALID,
	CFS_OCI_FSCK_CODES /* how many there are */
};

/* "manifest-read-failed" and so on: the same in every version. */
const char *cfs_oci_fsck_code_name(enum cfs_oci_fsck_code code);

/*
 * One finding.  Pointers are borrowed and valid during the call; @tag and
 * @reason are not fit to be printed as they are (base/text.h).
 */
struct cfs_oci_finding {
	enum cfs_oci_fsck_code code;
	const char *tag;	     /* or the name that was asked for */
	const char *reason;	     /* one line */
	const struct cfs_oci_id *id; /* the document or layer at fault, or NULL:
					none is known */
	const struct cfs_digest *object; /* that is missing or damaged, or
					    NULL */
};

struct cfs_oci_fsck {
	uint64_t images_checked, images_corrupted, findings;
};

struct cfs_oci_fsck_params {
	/* One image, by tag, "@DIGEST" or "DIGEST" of a manifest; NULL: all
	 * that have a tag. */
	const char *name;
	bool read_data; /* hash every layer, and compare it with its diff_id */
	/* Objects that cfs_repo_fsck() found to be good, and which are not
	 * looked up again; or NULL. */
	const struct cfs_good *good;
	void (*found)(void *arg, const struct cfs_oci_finding *finding);
	void *arg;
};

/*
 * Checks the images of @repo, which is locked.  *@ret counts.  A layer that
 * several images share is read once if it is good.
 * Errors: -ENOMEM, -ELIBACC (no libzstd or libcrypto), listing the tags;
 * whatever is wrong with the images is a finding.
 */
int cfs_oci_fsck(const struct cfs_repo *repo,
		 const struct cfs_oci_fsck_params *params,
		 struct cfs_oci_fsck *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Appends "fsck: CODE: TAG: REASON", the line that composefs-rs has for it, not
 * fit to be printed as it is. */
void cfs_oci_finding_word(const struct cfs_oci_finding *finding,
			  struct cfs_buf *line) CFS_NONNULL;

#endif
