/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Boot loader entries, loader/entries/NAME.conf: one key and its value a line.
 * A key may occur several times; "#" begins a comment line.
 *
 * Source: UAPI.1, Boot Loader Specification, type #1 entries.
 */
#ifndef CFS_BOOT_BLS_H
#define CFS_BOOT_BLS_H

#include <stdbool.h>

#include "base/bytes.h"

#define CFS_BLS_MAX 65536 /* bytes of an entry that are read */

struct cfs_bls_line {
	struct cfs_bytes key, value; /* borrowed from the text, without blanks
				      * around them; value may be empty */
};

/*
 * Cuts lines off *@rest up to and including the next one that has a key.
 * Returns false at the end.
 */
bool cfs_bls_next(struct cfs_bytes *rest,
		  struct cfs_bls_line *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Is the key of @line @key? */
bool cfs_bls_is(const struct cfs_bls_line *line, const char *key) CFS_NONNULL;

/* Can @text be the value of a line: has it no control characters?  NULL can, it
 * has none. */
bool cfs_bls_is_value(const char *text) CFS_MUST_CHECK;

#endif
