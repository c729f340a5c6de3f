/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A reader of TOML documents for a configuration of switches, numbers, words
 * and lists.  All of TOML 1.0 is parsed and held to its rules, keys and tables
 * that are defined twice among them; values of other types (floats, dates,
 * mixed arrays) are handed over as such, so that a key that nobody asks for
 * may hold anything.
 *
 * Source: TOML v1.0.0, https://toml.io/en/v1.0.0
 */
#ifndef CFS_BASE_TOML_H
#define CFS_BASE_TOML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define CFS_TOML_STR   256  /* bytes of a path or string, with its NUL */
#define CFS_TOML_LIST  16   /* strings of an array */
#define CFS_TOML_DEPTH 32   /* arrays and inline tables in each other */
#define CFS_TOML_NAMES 4096 /* keys and tables of a document */

enum cfs_toml_kind {
	CFS_TOML_STRING,
	CFS_TOML_BOOLEAN,
	CFS_TOML_INTEGER,
	CFS_TOML_STRINGS, /* an array of strings */
	CFS_TOML_OTHER,	  /* another type, or more than fits in here */
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
 * Called for every value that is not a table, in document order, but for what
 * lies inside arrays.  @key is the whole dotted path ("etc.mount"); a part that
 * is not a bare key stands in double quotes, so no quoted key can pass for a
 * path, and a part that is an array of tables ends with "[]".  A path that
 * does not fit is cut off.  A negative answer ends the parse and is its
 * result, with line and column put before what @err says.
 */
typedef int (*cfs_toml_fn)(void *ctx, const char *key,
			   const struct cfs_toml_value *value,
			   struct cfs_err *err);

/*
 * Parses the document @text.
 *
 * Errors: -EINVAL with "line L, column C: ", -E2BIG when CFS_TOML_DEPTH or
 * CFS_TOML_NAMES is exceeded, -ENOMEM, and what @fn answers.
 */
int cfs_toml_parse(struct cfs_bytes text, cfs_toml_fn fn, void *ctx,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 4)));

#endif
