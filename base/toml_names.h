/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The names that a TOML document has defined, and how: which may be defined
 * again, and what may be added to which.
 *
 * Source: TOML v1.0.0, "Keys", "Table", "Inline Table", "Array of Tables".
 */
#ifndef CFS_BASE_TOML_NAMES_H
#define CFS_BASE_TOML_NAMES_H

#include "base/buf.h"
#include "base/toml.h"

enum cfs_toml_state {
	CFS_NAME_CLOSED,  /* a value, an array, an inline table: no additions */
	CFS_NAME_IMPLIED, /* [a.b] implied a: [a] may follow, once */
	CFS_NAME_DOTTED,  /* a.b = 1 implied a: more such keys may follow */
	CFS_NAME_HEADER,  /* [a] */
	CFS_NAME_ARRAY,	  /* [[a]]: it has the names of the last element */
	CFS_NAME_FORGOTTEN /* of an element before, or without a text */
};

#define CFS_NAME_TOP 0 /* the table that has no name */

struct cfs_toml_names {
	unsigned n;	     /* with the top */
	struct cfs_buf text; /* of all of them */
	struct {
		unsigned parent;
		enum cfs_toml_state state;
		size_t start, len; /* in text */
	} v[CFS_TOML_NAMES];
};

/*
 * Defines the part @text of a dotted key in the table @parent.  @state: how
 * the key's last part is defined (CLOSED: by a value; HEADER, ARRAY: by a
 * header; FORGOTTEN: a table inside an array, which nobody can name).
 * @last: this is that part.
 * Returns its number, which is the parent of the next part.
 * Errors: -EINVAL for what TOML forbids, -E2BIG, -ENOMEM.
 */
int cfs_toml_define(struct cfs_toml_names *names, unsigned parent,
		    struct cfs_bytes text, enum cfs_toml_state state, bool last,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the path of @name as cfs_toml_fn has it. */
void cfs_toml_path(const struct cfs_toml_names *names, unsigned name,
		   char path[static CFS_TOML_STR]) CFS_NONNULL;

/* Is @c a byte of a key that needs no quotes? */
static inline bool cfs_toml_is_bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

#endif
