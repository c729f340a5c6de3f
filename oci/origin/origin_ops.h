/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The kinds of origins, seen from the code that they share.  Private to
 * oci/origin*.
 */
#ifndef CFS_OCI_ORIGIN_OPS_H
#define CFS_OCI_ORIGIN_OPS_H

#include "oci/origin.h"

struct cfs_origin_ops {
	/* Appends the first document to @ret: of a layout index.json, else the
	 * manifest or index that the reference names. */
	int (*first)(struct cfs_origin *origin, struct cfs_buf *ret,
		     struct cfs_err *err);
	/* Appends the manifest or index @id, unchecked, at most
	 * CFS_OCI_JSON_MAX bytes.  Returns 1, or 0 when there is none. */
	int (*manifest)(struct cfs_origin *origin, const struct cfs_oci_id *id,
			struct cfs_buf *ret, struct cfs_err *err);
	/* See cfs_origin_blob(); files may have another size. */
	int (*blob)(struct cfs_origin *origin, const struct cfs_oci_id *id,
		    uint64_t size, struct cfs_oci_blob *ret,
		    struct cfs_err *err);
	/* From now on blobs are those of the manifest @id.  May be NULL. */
	int (*use)(struct cfs_origin *origin, const struct cfs_oci_id *id,
		   struct cfs_err *err);
	void (*free)(struct cfs_origin *origin);
	bool has_index;	   /* the first document is a layout's index.json */
	bool plain_layers; /* see cfs_origin_has_plain_layers() */
	/* Appends the index of referrers that a registry keeps under a tag.
	 * Returns 1, or 0 when there is none.  NULL: look for them in the
	 * first document. */
	int (*tagged)(struct cfs_origin *origin, const char *tag,
		      struct cfs_buf *ret, struct cfs_err *err);
};

/* The start of each kind's own struct. */
struct cfs_origin {
	const struct cfs_origin_ops *ops;
	char *place; /* owned; for messages: a path, or the whole reference */
	char *tag;   /* owned; NULL: none is given, or it is in @place */
	bool has_id; /* the reference names a digest */
	struct cfs_oci_id id;
};

/* The openers of each kind.  @rest: the reference behind "oci:" and so on.
 * Errors: see cfs_origin_open_with(). */
int cfs_origin_open_layout(const char *rest, struct cfs_origin **ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_origin_open_archive(const char *rest, struct cfs_origin **ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_origin_open_dir(const char *rest, struct cfs_origin **ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
/* @reference: the whole one. */
int cfs_origin_open_skopeo(const char *reference,
			   const struct cfs_origin_options *options,
			   struct cfs_origin **ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Releases the members of @origin itself. */
void cfs_origin_clear(struct cfs_origin *origin) CFS_NONNULL;

/*
 * Checks that @text has @size bytes (CFS_OCI_SIZE_ANY: however many) and the
 * digest @id.  Errors: -EBADMSG.
 */
int cfs_origin_check(const struct cfs_oci_id *id, uint64_t size,
		     struct cfs_bytes text,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
