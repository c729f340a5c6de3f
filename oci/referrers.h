/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Artifacts that say that they are about an image: signatures, metadata.
 *
 * In a layout these are manifests of its index, and those of the index with the
 * tag "sha256-HEX".  A registry is asked for that tag alone: skopeo does not
 * know the referrers API of newer ones.
 *
 * Source: OCI image specification, manifest.md, "subject"; distribution
 * specification, "Referrers Tag Schema".
 */
#ifndef CFS_OCI_REFERRERS_H
#define CFS_OCI_REFERRERS_H

#include "oci/origin.h"

#define CFS_OCI_REFERRERS_MAX 1000

/* Why an entry does not count. */
enum cfs_oci_skip {
	CFS_OCI_SKIP_ENTRY,   /* its index has no descriptor there */
	CFS_OCI_SKIP_KIND,    /* it is no manifest */
	CFS_OCI_SKIP_MISSING, /* its manifest is */
	CFS_OCI_SKIP_DIGEST,  /* its manifest is not what the entry says */
	CFS_OCI_SKIP_CONTENT, /* its manifest is malformed, or too long */
	CFS_OCI_SKIP_SUBJECT, /* its manifest is about something else, though
				 it is listed as a referrer */
	CFS_OCI_SKIP_READ,    /* its manifest cannot be read */
	CFS_OCI_SKIP_LIMIT,   /* there are more than are looked at */
	CFS_OCI_SKIP_SIZE,    /* it has more, or larger, blobs than are taken */
};

struct cfs_oci_skipped {
	enum cfs_oci_skip why;
	char detail[256];     /* which part of it breaks which rule; "": see
				 @why.  Text from the artifact may be in it. */
	struct cfs_oci_id id; /* text "" for CFS_OCI_SKIP_ENTRY */
	/* It was listed with images and everything else that the layout has,
	 * and was not understood so far as to know what it is about. */
	bool is_unknown;
};

struct cfs_oci_referrers {
	/* Without tag and platform.  The artifact type is that of the manifest
	 * in a layout, of the index in a registry. */
	struct cfs_oci_descriptors found;
	CFS_VEC(struct cfs_oci_skipped) skipped;
	/* Those of @found that the repository did not list before the pull. */
	CFS_VEC(struct cfs_oci_id) listed;
};

void cfs_oci_referrers_free(struct cfs_oci_referrers *list);

/* Adds to @list that the artifact @id (NULL: unknown) does not count, and why.
 * @detail: the same more closely, or "".  Errors: -ENOMEM. */
int cfs_oci_referrers_skip(struct cfs_oci_referrers *list,
			   enum cfs_oci_skip why, const struct cfs_oci_id *id,
			   const char *detail,
			   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));

/* Bytes of a line about one that was skipped. */
#define CFS_OCI_SKIPPED_MAX 640

/* Writes a line for people about @skipped: "artifact ID about the image is left
 * out: a part of it is missing".  Text from the artifact may be in it. */
void cfs_oci_skipped_text(const struct cfs_oci_skipped *skipped,
			  char ret[static CFS_OCI_SKIPPED_MAX]) CFS_NONNULL;

#define CFS_AUTOREFERRERS __attribute__((cleanup(cfs_oci_referrers_free)))

/* Writes the tag of the list of artifacts about @subject, "sha256-HEX". */
void cfs_oci_referrers_tag(const struct cfs_oci_id *subject,
			   char ret[static CFS_OCI_TAG_MAX]) CFS_NONNULL;

/*
 * Lists the artifacts whose subject is said to be @subject, each once, at most
 * CFS_OCI_REFERRERS_MAX.  What is wrong with an entry makes it one of the
 * skipped.  Of a registry only the index is read; that @subject is the subject
 * of the manifests is for the caller to check (cfs_origin_manifest()).
 *
 * Errors: -EINVAL, -EFBIG, ... of the index itself, -EIO (of skopeo), -ENOMEM.
 */
int cfs_origin_referrers(struct cfs_origin *origin,
			 const struct cfs_oci_id *subject,
			 struct cfs_oci_referrers *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
