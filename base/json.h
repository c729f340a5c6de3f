/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * JSON for small documents of known shape, bounded in every direction: the
 * caller brings the storage, so the reader allocates nothing, and nesting is
 * limited.  It runs in the initramfs on a file that an attacker may have
 * written.  And a writer for what we print.
 *
 * Source: RFC 8259.  Duplicate member names are refused, however they are
 * escaped; text must be UTF-8 without NUL (also not as an escape).
 */
#ifndef CFS_BASE_JSON_H
#define CFS_BASE_JSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

#define CFS_JSON_DEPTH_MAX 32

enum cfs_json_kind {
	CFS_JSON_NULL,
	CFS_JSON_FALSE,
	CFS_JSON_TRUE,
	CFS_JSON_NUMBER,
	CFS_JSON_STRING,
	CFS_JSON_ARRAY,
	CFS_JSON_OBJECT,
};

/* A value, in document order: children follow their parent directly.  An
 * object's children are alternately names (strings) and values. */
struct cfs_json_node {
	enum cfs_json_kind kind;
	unsigned next;	      /* index of the first node after this subtree */
	struct cfs_bytes raw; /* number or string as written, without quotes */
};

struct cfs_json {
	struct cfs_json_node
		*nodes; /* borrowed from the caller; [0] is the root */
	unsigned n;
};

/*
 * Parses one document, white space around it allowed, into @nodes.
 * @text must outlive the result.
 *
 * Errors: -EINVAL with line and column, -E2BIG for more than @max nodes.
 */
int cfs_json_parse(struct cfs_bytes text, struct cfs_json_node *nodes,
		   unsigned max, struct cfs_json *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The member @name of object @node, or NULL when it is not there (or @node is
 * NULL or no object).  Names are compared as written. */
const struct cfs_json_node *cfs_json_get(const struct cfs_json *doc,
					 const struct cfs_json_node *node,
					 const char *name);

/* First element of an array or first name of an object, and the child after
 * @item (an object's names and values alternate); NULL at the end. */
const struct cfs_json_node *cfs_json_first(const struct cfs_json *doc,
					   const struct cfs_json_node *node);
const struct cfs_json_node *cfs_json_next(const struct cfs_json *doc,
					  const struct cfs_json_node *node,
					  const struct cfs_json_node *item);

/*
 * Decodes string @node into @out (NUL-terminated, room for @size bytes).
 * Returns false when it is no string or does not fit.
 */
bool cfs_json_string(const struct cfs_json_node *node, char *out,
		     size_t size) CFS_MUST_CHECK;

/* Is @node the string @text, as written? */
bool cfs_json_is(const struct cfs_json_node *node, const char *text);

/* Reads a non-negative integer.  Returns false for anything else. */
bool cfs_json_u64(const struct cfs_json_node *node,
		  uint64_t *ret) CFS_MUST_CHECK;

/*
 * Appends @text as a JSON string with its quotes.  Bytes that are no valid
 * UTF-8 become U+FFFD; characters that must not reach a terminal
 * (cfs_text_is_shown()) are escaped as \\uXXXX.
 */
void cfs_json_add_string(struct cfs_buf *buf, const char *text) CFS_NONNULL;

#endif
