/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * All manifests that the reference of an origin leads to, through any indexes.
 */
#ifndef CFS_OCI_ORIGIN_LEAVES_H
#define CFS_OCI_ORIGIN_LEAVES_H

#include "base/vec.h"
#include "oci/origin.h"

struct cfs_oci_leaf {
	/* The tag is that of the entry of index.json that led here; the
	 * platform of an image comes from its configuration if no index
	 * names it. */
	struct cfs_oci_descriptor d;
	bool is_image;	  /* a container image; else another artifact */
	bool is_readable; /* false: neither is known */
};

struct cfs_oci_leaves {
	CFS_VEC(struct cfs_oci_leaf); /* in the order of the indexes */
	/* Why the first of the entries that were passed over was; code 0: none
	 * was. */
	struct cfs_err passed_over;
	struct cfs_buf top; /* owned; the document that the reference names,
			       if that is not a layout's index.json */
	struct cfs_oci_id top_id;
	size_t n_entries;   /* entries of index.json that have the tag */
	size_t n_documents; /* that were read */
};

void cfs_oci_leaves_free(struct cfs_oci_leaves *leaves);

#define CFS_AUTOLEAVES __attribute__((cleanup(cfs_oci_leaves_free)))

/*
 * Follows the reference of @origin.  Entries for unknown/unknown are left out.
 * What cannot be read is passed over, but for the first document.
 *
 * Errors: -ENOENT, -EINVAL, -EBADMSG, ... of the first document; -EFBIG (over
 * CFS_ORIGIN_DOCUMENTS_MAX documents, over CFS_OCI_INDEX_MAX leaves), -ENOMEM,
 * -ELIBACC.
 */
int cfs_oci_leaves_find(struct cfs_origin *origin, struct cfs_oci_leaves *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Appends the manifest of @leaf to @ret, checked.  Errors: those of
 * cfs_origin_manifest(). */
int cfs_oci_leaf_read(struct cfs_origin *origin,
		      const struct cfs_oci_leaves *leaves,
		      const struct cfs_oci_leaf *leaf, struct cfs_buf *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
