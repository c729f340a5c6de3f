/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Names of OCI images in a repository: streams/refs/oci/<encoded tag> leads to
 * the stream oci-manifest-<digest>.
 *
 * A tag may be a whole reference with slashes; "%" and "/" are written %25 and
 * %2F, so that it is one file name.
 *
 * Source: composefs-rs crates/composefs-oci/src/oci_image.rs.
 */
#ifndef CFS_OCI_TAG_H
#define CFS_OCI_TAG_H

#include "oci/id.h"
#include "repo/stream/names.h"

#define CFS_OCI_REFS	  "oci"
#define CFS_OCI_REFERRERS "oci-referrers"

/* Bytes of a tag with its NUL; encoded it has to be a file name. */
#define CFS_OCI_TAG_TEXT_MAX 256

/*
 * Checks a tag that an image is to get.  Other programs allow more, so that a
 * tag which exists can be read and removed whatever its characters are.
 * Errors: -EINVAL empty, beginning with "@" (digests do), ".", "..", with
 * control characters, or looking like one of our temporary files;
 * -ENAMETOOLONG over 255 bytes when it is encoded.
 */
int cfs_oci_tag_check(const char *tag,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Does @name, an operand of a command line, mean a tag?  Otherwise it is a
 * digest; see cfs_oci_image_find(). */
bool cfs_oci_is_tag(const char *name) CFS_NONNULL;

/* Writes the tag that a ref is about: @name is the ref behind "oci/", @out has
 * room for as many bytes.  %25 and %2F are decoded once, from left to right;
 * other codes stay as they are. */
void cfs_oci_tag_decode(const char *name, char *out) CFS_NONNULL;

/* Names the manifest @id @tag, in place of what had that name.
 * Errors: of cfs_oci_tag_check(), -ENOENT there is no such manifest. */
int cfs_oci_tag_set(struct cfs_store *store, const char *tag,
		    const struct cfs_oci_id *id,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns 1 with the manifest in *@ret, which need not exist, or 0 if there is
 * no such tag. */
int cfs_oci_tag_get(const struct cfs_repo *repo, const char *tag,
		    struct cfs_oci_id *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns 1, or 0 when there was none. */
int cfs_oci_tag_remove(struct cfs_store *store, const char *tag,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Called for each tag, in order; @id is NULL where it leads to no manifest.
 * What it returns but 0 ends it. */
typedef int cfs_oci_tag_fn(const char *tag, const struct cfs_oci_id *id,
			   void *arg, struct cfs_err *err);
int cfs_oci_tag_each(const struct cfs_repo *repo, cfs_oci_tag_fn *fn, void *arg,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* The ref by which @artifact is listed for the manifest @subject that it is
 * about. */
#define CFS_OCI_REFERRER_MAX \
	(sizeof(CFS_OCI_REFERRERS "//") + 2 * CFS_OCI_ID_MAX)
void cfs_oci_referrer_ref(const struct cfs_oci_id *subject,
			  const struct cfs_oci_id *artifact,
			  char ret[static CFS_OCI_REFERRER_MAX]) CFS_NONNULL;

/* Content ids of streams: "oci-manifest-<digest>", ... */
#define CFS_OCI_NAME_MAX (sizeof("oci-manifest-") + CFS_OCI_ID_MAX)
void cfs_oci_manifest_name(const struct cfs_oci_id *id,
			   char ret[static CFS_OCI_NAME_MAX]) CFS_NONNULL;
void cfs_oci_config_name(const struct cfs_oci_id *id,
			 char ret[static CFS_OCI_NAME_MAX]) CFS_NONNULL;
void cfs_oci_layer_name(const struct cfs_oci_id *id,
			char ret[static CFS_OCI_NAME_MAX]) CFS_NONNULL;
void cfs_oci_blob_name(const struct cfs_oci_id *id,
		       char ret[static CFS_OCI_NAME_MAX]) CFS_NONNULL;

/* The digest in such a name.  Returns false when @name does not begin with
 * @prefix ("oci-manifest-") or has none. */
bool cfs_oci_name_id(const char *name, const char *prefix,
		     struct cfs_oci_id *ret) CFS_MUST_CHECK CFS_NONNULL;

#endif
