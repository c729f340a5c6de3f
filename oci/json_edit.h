/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Changing a JSON document without writing it anew: what is not changed stays
 * as it is, byte for byte, with members that nobody here knows.
 */
#ifndef CFS_OCI_JSON_EDIT_H
#define CFS_OCI_JSON_EDIT_H

#include "oci/json_doc.h"

/* A document and its new text. */
struct cfs_json_edit {
	struct cfs_bytes text; /* borrowed; a valid document */
	size_t copied;	       /* bytes of it that are in out, changed or not */
	struct cfs_buf *out;   /* borrowed */
};

/*
 * Copies everything before the string or number @value, and then @with in its
 * place, of a string without the quotes.  Values come in the document's order.
 */
void cfs_json_edit_replace(struct cfs_json_edit *edit,
			   const struct cfs_json_node *value,
			   const char *with) CFS_NONNULL;

/* Bytes of a name that is looked for, with a NUL. */
#define CFS_JSON_EDIT_NAME_MAX 128

/*
 * Returns the name of the member of @in that is @name, be it written with
 * escapes, or NULL if there is none or @in is NULL or no object.  Documents in
 * which a name comes twice are refused, however it is written, and
 * cfs_json_get() finds names without escapes only.
 */
const struct cfs_json_node *cfs_json_edit_find(const struct cfs_json *json,
					       const struct cfs_json_node *in,
					       const char *name)
	__attribute__((nonnull(1, 3)));

/*
 * Makes @text, a JSON value, the member @name of the object @in: in place of
 * the value that it has, or as the last member.  A name with escapes is written
 * without them.  What comes after it in the document is not copied before.
 */
void cfs_json_edit_set(struct cfs_json_edit *edit, const struct cfs_json *json,
		       const struct cfs_json_node *in, const char *name,
		       struct cfs_bytes text) CFS_NONNULL;

/* Copies everything before the first byte of @at, which lies in the text. */
void cfs_json_edit_copy_to(struct cfs_json_edit *edit,
			   const uint8_t *at) CFS_NONNULL;

/* Copies the rest.  Errors: -ENOMEM, also of the calls before. */
int cfs_json_edit_finish(struct cfs_json_edit *edit,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
