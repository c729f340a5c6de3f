/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The part of TOML that a configuration of switches, words and lists needs:
 * tables, dotted and quoted keys, basic and literal strings, booleans, decimal
 * integers, arrays of strings, inline tables, comments.  Everything else of
 * the language (floats, dates, multi-line strings, \u escapes, arrays of
 * tables or of other things) is refused by name, never skipped.
 *
 * A document accepted here means the same to a full TOML parser, or is refused
 * by it: that a key or table is defined twice and that text is no UTF-8 is not
 * noticed here.  The caller sees every key and can.
 *
 * Source: TOML v1.0.0, https://toml.io/en/v1.0.0
 */
#ifndef CFS_SETUP_ROOT_TOML_H
#define CFS_SETUP_ROOT_TOML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define CFS_TOML_STR   256 /* bytes of a key or string, with its NUL */
#define CFS_TOML_LIST  16  /* strings of an array */
#define CFS_TOML_DEPTH 8   /* inline tables in each other */

enum cfs_toml_kind {
	CFS_TOML_STRING,
	CFS_TOML_BOOLEAN,
	CFS_TOML_INTEGER,
	CFS_TOML_STRINGS, /* an array of strings */
};

struct cfs_toml_value {
	enum cfs_toml_kind kind;
	unsigned line, column; /* where it stands, from 1; columns in bytes */
	bool boolean;
	int64_t integer;
	unsigned n;			     /* strings in v, 1 of a string */
	char v[CFS_TOML_LIST][CFS_TOML_STR]; /* NUL-terminated */
};

/*
 * Called for every value, in document order.  @key is the whole dotted path
 * ("etc.mount"); a part that is not a bare key stands in double quotes, so no
 * quoted key can pass for a path.  A negative answer ends the parse and is
 * its result, with line and column put before what @err says.
 */
typedef int (*cfs_toml_fn)(void *ctx, const char *key,
			   const struct cfs_toml_value *value,
			   struct cfs_err *err);

/*
 * Parses the document @text.
 *
 * Errors: -EINVAL with "line L, column C: ", -E2BIG when one of the limits
 * above is passed, and what @fn answers.
 */
int cfs_toml_parse(struct cfs_bytes text, cfs_toml_fn fn, void *ctx,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 4)));

#endif
