/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A JSON document of an image: its bytes as they came, and what they say.
 */
#ifndef CFS_OCI_JSON_DOC_H
#define CFS_OCI_JSON_DOC_H

#include "base/buf.h"
#include "base/json.h"
#include "oci/id.h"

/* Bytes of a manifest, index or configuration.  Source: the limit that
 * registries have to accept, OCI distribution specification, "Pushing
 * manifests". */
#define CFS_OCI_JSON_MAX (4u << 20)
/* Values in one; an image of 4000 layers has some 80,000. */
#define CFS_OCI_JSON_NODES_MAX (1u << 17)

struct cfs_json_doc {
	struct cfs_json json;
	struct cfs_json_node *nodes; /* owned */
};

/*
 * Parses @text, which has to outlive the result and is an object.
 * Errors: -EINVAL with line and column, -EFBIG over the limits above, -ENOMEM.
 */
int cfs_json_doc_parse(struct cfs_bytes text, struct cfs_json_doc *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_json_doc_free(struct cfs_json_doc *doc);

#define CFS_AUTOJSON __attribute__((cleanup(cfs_json_doc_free)))

/* The outermost object. */
const struct cfs_json_node *cfs_json_doc_root(const struct cfs_json_doc *doc)
	CFS_NONNULL;

/*
 * The member @name of the object @in as text of less than @size bytes with its
 * NUL; "" when it is not there or null.
 * Errors: -EINVAL it is something else, or longer.
 */
int cfs_json_doc_text(const struct cfs_json_doc *doc,
		      const struct cfs_json_node *in, const char *name,
		      char *ret, size_t size,
		      struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4, 6)));

/* The member @name as a content digest.  Errors: it is missing, or none. */
int cfs_json_doc_id(const struct cfs_json_doc *doc,
		    const struct cfs_json_node *in, const char *name,
		    struct cfs_oci_id *ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4, 5)));

/*
 * The member @name, which has to be of @kind.
 * Returns 1 with *@ret, or 0 when it is not there or null.
 * Errors: -EINVAL it is of another kind.
 */
int cfs_json_doc_get(const struct cfs_json_doc *doc,
		     const struct cfs_json_node *in, const char *name,
		     enum cfs_json_kind kind, const struct cfs_json_node **ret,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 5, 6)));

#endif
