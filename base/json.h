/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A JSON reader for small documents of known shape, bounded in every direction:
 * the caller provides the storage, so nothing is allocated, and nesting is
 * limited.  It runs in the initramfs on a file that an attacker may have
 * written.  base/json_write.h writes JSON.
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

/* A flag for cfs_json_parse() in @max: names of members are not compared, which
 * takes a time that grows with the square of their number.
 * cfs_json_parse_many() compares them in another way. */
#define CFS_JSON_MANY (1u << 31)

enum cfs_json_kind {
	CFS_JSON_NULL,
	CFS_JSON_FALSE,
	CFS_JSON_TRUE,
	CFS_JSON_NUMBER,
	CFS_JSON_STRING,
	CFS_JSON_ARRAY,
	CFS_JSON_OBJECT,
};

/* One value.  Nodes are in document order: the children of a node follow it
 * directly.  An object's children are alternately names (strings) and
 * values. */
struct cfs_json_node {
	enum cfs_json_kind kind;
	unsigned next; /* index of the first node after this subtree */
	/* As written: a string without its quotes, an array or object with its
	 * brackets. */
	struct cfs_bytes raw;
};

struct cfs_json {
	struct cfs_json_node
		*nodes; /* borrowed from the caller; [0] is the root */
	unsigned n;
};

/*
 * Parses one document, which may have white space around it, into @nodes.
 * @text must outlive the result, which refers to it.
 *
 * Errors: -EINVAL with line and column, -E2BIG for more than @max nodes.
 */
int cfs_json_parse(struct cfs_bytes text, struct cfs_json_node *nodes,
		   unsigned max, struct cfs_json *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fails with -EINVAL, @what and the line and column of the byte number @at. */
int cfs_json_bad(struct cfs_bytes text, size_t at, const char *what,
		 struct cfs_err *err) CFS_NONNULL;

/* Returns the value of member @name of @node, or NULL if it is missing or @node
 * is NULL or not an object.  Names are compared as written: one with escapes is
 * not found. */
const struct cfs_json_node *cfs_json_get(const struct cfs_json *doc,
					 const struct cfs_json_node *node,
					 const char *name);

/* Walk the children of @node: the elements of an array, or the names and values
 * of an object in turn.  cfs_json_first() returns the first child,
 * cfs_json_next() the one after @item; both return NULL at the end. */
const struct cfs_json_node *cfs_json_first(const struct cfs_json *doc,
					   const struct cfs_json_node *node);
const struct cfs_json_node *cfs_json_next(const struct cfs_json *doc,
					  const struct cfs_json_node *node,
					  const struct cfs_json_node *item);

/*
 * Decodes the string @node into @out, NUL-terminated, with room for @size
 * bytes.
 * Returns false if @node is not a string or does not fit.
 */
bool cfs_json_string(const struct cfs_json_node *node, char *out,
		     size_t size) CFS_MUST_CHECK;

/* Returns whether @node is the string @text, compared as written. */
bool cfs_json_is(const struct cfs_json_node *node, const char *text);

/* Sets *@ret to the non-negative integer @node.  Returns false, leaving *@ret
 * alone, for any other value and for one beyond 64 bits. */
bool cfs_json_u64(const struct cfs_json_node *node,
		  uint64_t *ret) CFS_MUST_CHECK;

/*
 * Appends @text as a JSON string, with its quotes.  Bytes that are not valid
 * UTF-8 become U+FFFD.  Characters that must not reach a terminal
 * (cfs_text_is_shown()) are escaped as \\uXXXX.
 */
void cfs_json_add_string(struct cfs_buf *buf, const char *text) CFS_NONNULL;

#endif
